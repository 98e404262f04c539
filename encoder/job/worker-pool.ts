import type { Piscina } from "piscina";
import { createThreadPool, startWarmUp } from "../../decode-pool/thread-pool.js";
import { EncoderError } from "../errors.js";
import type { TaskFailure, TaskHandlers, WorkerMessage } from "./tasks.js";

/** A task that has been started. */
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
   * @param worker URL of a module whose default export was created by `serveTasks`
   * @param signal stops all tasks
   */
  constructor(worker: URL, workers: number, signal?: AbortSignal) {
    this.#pool = createThreadPool<WorkerMessage, unknown>({ worker, workers });
    this.loaded = Promise.allSettled(startWarmUp(this.#pool, workers));
    this.#signal = signal;
    if (signal?.aborted) this.stop();
    signal?.addEventListener("abort", this.stop);
  }

  /** Starts a task. Buffers in `transfer` move to its thread. */
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
      .then((response: Result | TaskFailure) => {
        if (isFailure(response)) throw new EncoderError(response.errorCode, response.message);
        return response;
      });
    this.#running.add(result);
    result.catch(() => {}).finally(() => this.#running.delete(result));
    return { result, steps };
  }

  /** Stops all tasks: training rejects within a few steps, and other tasks run to completion. */
  readonly stop = (): void => {
    Atomics.store(this.#stop, 0, 1);
  };

  /**
   * Stops all tasks and ends the threads. Waits for threads that are still loading their code, because Node 20 aborts
   * the process if a thread is terminated during an import.
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

const isFailure = (response: unknown): response is TaskFailure =>
  typeof response === "object" && response !== null && "errorCode" in response;
