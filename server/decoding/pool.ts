import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import type { DecodeResult, DecodeTask, WorkerTask } from "./messages.js";

export interface DecodePoolOptions {
  /** Threads. Default: one a core. */
  readonly workers?: number;
}

/** Threads that decode runs of frames; close it, or its threads hold the process. */
export class DecodePool {
  readonly workers: number;
  /** Settles when every thread has loaded its code. */
  readonly ready: Promise<void>;
  readonly #threads: Piscina<WorkerTask, DecodeResult>;

  constructor(options: DecodePoolOptions = {}) {
    this.workers = options.workers ?? availableParallelism();
    this.#threads = new Piscina({
      filename: new URL("./worker.js", import.meta.url).href,
      minThreads: this.workers,
      maxThreads: this.workers,
      // A run takes milliseconds: a worker that takes the next one at once is not worth spinning for.
      atomics: "async",
    });
    this.ready = this.#allArrived();
    this.ready.catch(() => {});
  }

  async #allArrived(): Promise<void> {
    const arrived = new SharedArrayBuffer(4);
    const task = { type: "arrive", arrived, threads: this.workers } as const;
    await Promise.all(Array.from({ length: this.workers }, () => this.#threads.run(task)));
  }

  /** Runs waiting for a thread. */
  get queued(): number {
    return this.#threads.queueSize;
  }

  /** A run under way cannot be ended without ending its thread: runs are short instead. */
  run(task: DecodeTask): Promise<DecodeResult> {
    return this.#threads.run(task);
  }

  /**
   * Ends the threads; runs under way are rejected. Threads that still load are waited for: Node 20 aborts
   * the whole process when a thread is ended in the middle of an import.
   */
  async close(): Promise<void> {
    await this.ready.catch(() => {});
    await this.#threads.destroy();
  }
}
