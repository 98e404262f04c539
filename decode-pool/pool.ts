import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import type { Piscina } from "piscina";
import { WorkerCrashedError } from "./errors.js";
import type { DecodeResult, DecodeTask, WorkerResult, WorkerTask } from "./messages.js";
import { createThreadPool, startWarmUp } from "./thread-pool.js";

/** Milliseconds that `close` waits for the replacement of a crashed thread to load. */
const RESTART_TIMEOUT_MS = 5000;

/** Milliseconds that `close` waits for tasks that may run in the ONNX runtime. */
const ONNX_TIMEOUT_MS = 10_000;

/** Options of DecodePool. */
export interface DecodePoolOptions {
  /** Number of worker threads. Default: one per core. */
  readonly workers?: number;
}

/**
 * A pool of worker threads that decode frames. The threads start at construction. Call `close` when done,
 * otherwise they keep the process alive.
 */
export class DecodePool {
  /** Number of worker threads. */
  readonly workers: number;
  /** Resolves when every thread has loaded its code. */
  readonly ready: Promise<void>;
  readonly #piscina: Piscina<WorkerTask, WorkerResult>;
  /** Tasks that may run in the ONNX runtime. */
  readonly #onnxTasks = new Set<Promise<unknown>>();
  #closing = false;
  /** Whether a thread has crashed, so that its replacement may still be loading. */
  #restarted = false;

  constructor(options: DecodePoolOptions = {}) {
    this.workers = options.workers ?? availableParallelism();
    this.#piscina = createThreadPool<DecodeTask, WorkerResult>({
      worker: new URL("./worker.js", import.meta.url),
      workers: this.workers,
      // Threads per ONNX session: all sessions together use one thread per core.
      workerData: Math.max(1, Math.floor(availableParallelism() / this.workers)),
    });
    // A thread that crashes between two tasks is replaced. Without a listener the event would throw.
    this.#piscina.on("error", () => {});
    this.#piscina.on("workerDestroy", () => {
      this.#restarted = true;
    });
    this.ready = this.#warmUp();
    this.ready.catch(() => {});
  }

  async #warmUp(): Promise<void> {
    await Promise.all(startWarmUp(this.#piscina, this.workers));
  }

  /** Number of tasks that wait for a thread. */
  get queued(): number {
    return this.#piscina.queueSize;
  }

  /** The running worker threads. */
  get threads(): readonly Worker[] {
    return this.#piscina.threads;
  }

  /**
   * Runs a task. A running task cannot be aborted without terminating its thread, so keep tasks short. If the thread
   * crashes, the task is retried once on another thread.
   * @throws WorkerCrashedError if the second thread crashes too; any error other than SieddError that the task throws.
   */
  async run(task: DecodeTask): Promise<DecodeResult> {
    if (this.#closing) throw new Error("the decode pool is closed");
    const result = await this.#start(task).catch((crash: unknown) => {
      if (this.#closing) throw crash;
      return this.#start(task).catch((secondCrash: unknown) => {
        throw this.#closing ? secondCrash : new WorkerCrashedError(secondCrash);
      });
    });
    if (result.type === "failure") throw result.error;
    if (result.type === "warmed-up") throw new Error("a decode worker returned the result of another task");
    return result;
  }

  #start(task: DecodeTask): Promise<WorkerResult> {
    const running = this.#piscina.run(task);
    if (task.engine === "kernel") return running;
    this.#onnxTasks.add(running);
    const forget = () => this.#onnxTasks.delete(running);
    running.then(forget, forget);
    return running;
  }

  /**
   * Terminates the threads and rejects running tasks. Waits for threads that are still loading first, because
   * Node 20 aborts the process if a thread is terminated during an import. So does the ONNX runtime if a task runs in it.
   */
  async close(): Promise<void> {
    this.#closing = true;
    await this.ready.catch(() => {});
    const timeout = sleep(ONNX_TIMEOUT_MS, undefined, { ref: false });
    await Promise.race([Promise.allSettled(this.#onnxTasks), timeout]);
    if (this.#restarted) {
      await Promise.race([this.#warmUp(), sleep(RESTART_TIMEOUT_MS, undefined, { ref: false })]);
    }
    await this.#piscina.destroy();
  }
}
