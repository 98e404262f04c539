import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import type { DecodeResult, DecodeTask } from "./messages.js";

export interface DecodePoolOptions {
  /** Threads. Default: one a core. */
  readonly workers?: number;
}

/** Threads that decode runs of frames; close it, or its threads hold the process. */
export class DecodePool {
  readonly workers: number;
  readonly #threads: Piscina<DecodeTask, DecodeResult>;

  constructor(options: DecodePoolOptions = {}) {
    this.workers = options.workers ?? availableParallelism();
    this.#threads = new Piscina({
      filename: new URL("./worker.js", import.meta.url).href,
      minThreads: this.workers,
      maxThreads: this.workers,
      // A run takes milliseconds: a worker that takes the next one at once is not worth spinning for.
      atomics: "async",
    });
  }

  /** Runs waiting for a thread. */
  get queued(): number {
    return this.#threads.queueSize;
  }

  /** A run under way cannot be ended without ending its thread: runs are short instead. */
  run(task: DecodeTask): Promise<DecodeResult> {
    return this.#threads.run(task);
  }

  /** Ends the threads; runs under way are rejected. */
  async close(): Promise<void> {
    await this.#threads.destroy();
  }
}
