import { Piscina } from "piscina";
import { EncoderError } from "../errors.js";
import type { TaskFailure, TaskHandlers, WorkerMessage } from "./tasks.js";

/** A task on its way. */
export interface RunningTask<T> {
  readonly result: Promise<T>;
  /** Int32 [1] in shared memory: training steps done. */
  readonly steps: Int32Array;
}

/** Runs the tasks of one worker file on threads. All tasks stop together. */
export class WorkerPool<Tasks extends TaskHandlers> {
  readonly #pool: Piscina;
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #running = new Set<Promise<unknown>>();
  readonly #signal: AbortSignal | undefined;
  /** Settles when every thread has loaded its code. */
  readonly loaded: Promise<unknown>;

  /**
   * @param worker URL of a module whose default export is made by `serveTasks`
   * @param signal stops all tasks
   */
  constructor(worker: URL, workers: number, signal?: AbortSignal) {
    this.#pool = new Piscina({
      filename: worker.href,
      minThreads: workers,
      maxThreads: workers,
      atomics: "async",
    });
    const arrived = new Int32Array(new SharedArrayBuffer(4));
    const barrier: WorkerMessage = { kind: "barrier", arrived, workers };
    const threads = Array.from({ length: workers }, () => this.#pool.run(barrier));
    this.loaded = Promise.allSettled(threads);
    this.#signal = signal;
    if (signal?.aborted) this.stop();
    signal?.addEventListener("abort", this.stop);
  }

  /** Starts a task. Buffers in `transfer` are moved to its thread. */
  run<Name extends keyof Tasks & string>(
    name: Name,
    input: Parameters<Tasks[Name]>[0],
    transfer: ArrayBuffer[] = [],
  ): RunningTask<Awaited<ReturnType<Tasks[Name]>>> {
    type Result = Awaited<ReturnType<Tasks[Name]>>;
    const steps = new Int32Array(new SharedArrayBuffer(4));
    const message: WorkerMessage = { kind: "task", name, input, signals: { steps, stop: this.#stop } };
    const result = this.#pool
      .run(message, { transferList: transfer })
      .then((answer: Result | TaskFailure) => {
        if (isFailure(answer)) throw new EncoderError(answer.errorCode, answer.message);
        return answer;
      });
    this.#running.add(result);
    result.catch(() => {}).finally(() => this.#running.delete(result));
    return { result, steps };
  }

  /** Stops all tasks: training fails within a few steps, other tasks run to their end. */
  readonly stop = (): void => {
    Atomics.store(this.#stop, 0, 1);
  };

  /**
   * Stops all tasks and ends the threads. It waits for threads that are still loading their code: Node 20 aborts the
   * process if a thread is terminated during an import.
   */
  async close(): Promise<void> {
    this.stop();
    this.#signal?.removeEventListener("abort", this.stop);
    await Promise.allSettled([this.loaded, ...this.#running]);
    await this.#pool.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const isFailure = (answer: unknown): answer is TaskFailure =>
  typeof answer === "object" && answer !== null && "errorCode" in answer;
