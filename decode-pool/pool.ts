import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { Piscina } from "piscina";
import { WorkerCrashedError } from "./errors.js";
import type { DecodeResult, DecodeTask, WorkerAnswer, WorkerTask } from "./messages.js";

/** Milliseconds that a thread in place of a dead one may take to load before it is ended all the same. */
const MENDING = 5000;

export interface DecodePoolOptions {
  /** Threads. Default: one a core. */
  readonly workers?: number;
}

/** Threads that decode runs of frames; close it, or its threads hold the process. */
export class DecodePool {
  readonly workers: number;
  /** Settles when every thread has loaded its code. */
  readonly ready: Promise<void>;
  readonly #threads: Piscina<WorkerTask, WorkerAnswer>;
  #closing = false;
  /** Whether a thread has died: another one may be loading in its place. */
  #mended = false;

  constructor(options: DecodePoolOptions = {}) {
    this.workers = options.workers ?? availableParallelism();
    this.#threads = new Piscina({
      filename: new URL("./worker.js", import.meta.url).href,
      minThreads: this.workers,
      maxThreads: this.workers,
      // An ONNX runtime has threads of its own: together no more than cores.
      workerData: Math.max(1, Math.floor(availableParallelism() / this.workers)),
      // A run takes milliseconds: a worker that takes the next one at once is not worth spinning for.
      atomics: "async",
    });
    // Of a thread that dies between two tasks: another one has taken its place.
    this.#threads.on("error", () => {});
    this.#threads.on("workerDestroy", () => {
      this.#mended = true;
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

  /** The threads that decode now. */
  get threads(): readonly Worker[] {
    return this.#threads.threads;
  }

  /**
   * A run under way cannot be ended without ending its thread: runs are short instead. One whose thread dies is
   * tried once more on another. Rejects with WorkerDied, or with what the thread threw.
   */
  async run(task: DecodeTask): Promise<DecodeResult> {
    const answer = await this.#threads.run(task).catch((died: unknown) => {
      if (this.#closing) throw died;
      return this.#threads.run(task).catch((again: unknown) => {
        throw this.#closing ? again : new WorkerCrashedError(again);
      });
    });
    if (answer.type === "failure") throw answer.error;
    if (answer.type === "arrived") throw new Error("a decoding thread answered another task");
    return answer;
  }

  /**
   * Ends the threads; runs under way are rejected. Threads that still load are waited for: Node 20 aborts
   * the whole process when a thread is ended in the middle of an import.
   */
  async close(): Promise<void> {
    this.#closing = true;
    await this.ready.catch(() => {});
    if (this.#mended) await Promise.race([this.#allArrived(), sleep(MENDING, undefined, { ref: false })]);
    await this.#threads.destroy();
  }
}
