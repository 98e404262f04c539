import { Piscina } from "piscina";
import type { WarmUpTask } from "./warm-up.js";

export interface ThreadPoolOptions {
  /** URL of the module that the threads run. Its default export handles tasks, and `WarmUpTask` by `joinWarmUp`. */
  readonly worker: URL;
  /** Number of threads. All start at once, and none ends before the pool is destroyed. */
  readonly workers: number;
  /** Passed to each thread. */
  readonly workerData?: unknown;
}

/** Creates a pool with a fixed number of threads. */
export function createThreadPool<Task, Result>(
  options: ThreadPoolOptions,
): Piscina<Task | WarmUpTask, Result> {
  const { worker, workers, workerData } = options;
  return new Piscina({
    filename: worker.href,
    minThreads: workers,
    maxThreads: workers,
    workerData,
    // A task takes milliseconds or more: spinning for the next task does not pay off.
    atomics: "async",
  });
}

/** Starts a warm-up task on each thread. The promises resolve once all threads have loaded their code. */
export function startWarmUp<Task, Result>(
  pool: Piscina<Task | WarmUpTask, Result>,
  workers: number,
): Promise<Result>[] {
  const task: WarmUpTask = { type: "warm-up", started: new SharedArrayBuffer(4), workers };
  return Array.from({ length: workers }, () => pool.run(task));
}
