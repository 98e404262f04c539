import { RequestError } from "../errors.js";
import { type JobContext, jobContextOf } from "./job-context.js";
import { ClientQuota, type QuotaOptions } from "./quota.js";
import { Throughput } from "./throughput.js";

export interface QueueOptions extends Partial<QuotaOptions> {
  /** Jobs that run at the same time. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly maxQueue: number;
  /** Seconds that a job may wait. */
  readonly maxQueueSeconds: number;
}

export interface QueueListeners {
  /** Called before each foreground job is queued or started. */
  onForegroundJob(): void;
  /** Called when no job of any kind is left. */
  onIdle(): void;
}

interface QueuedJob {
  readonly context: JobContext;
  /** Decoded samples, see server/render/cost.ts. */
  readonly cost: number;
  start(): void;
  reject(error: Error): void;
}

/**
 * A bounded job queue: the earliest deadline first, first in first out among equal deadlines. If the queue is full, or a
 * job's estimated wait is too long, the job is rejected at once with `busy`.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #quota: ClientQuota;
  readonly #throughput = new Throughput();
  /** In order of arrival. */
  readonly #waiting = new Set<QueuedJob>();
  readonly #runningJobs = new Map<AbortController, { readonly cost: number }>();
  #running = 0;
  #closing = false;
  #idleWaiters: (() => void)[] = [];
  #listeners: QueueListeners = { onForegroundJob() {}, onIdle() {} };

  constructor(options: QueueOptions) {
    this.#options = options;
    const { clientJobs = 0, clientPixelsPerSecond = 0 } = options;
    this.#quota = new ClientQuota({ clientJobs, clientPixelsPerSecond });
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Estimated seconds until all running and waiting jobs are done, from the throughput so far. */
  get backlogSeconds(): number {
    const costs = [...this.#runningJobs.values(), ...this.#waiting].map((job) => job.cost);
    return this.#throughput.estimateSeconds(costs) / this.#options.concurrency;
  }

  setListeners(listeners: QueueListeners): void {
    this.#listeners = listeners;
  }

  /**
   * Runs a job when its turn comes, ordered by the job context of its signal. Rejects with the signal's reason or the
   * job's error.
   *
   * @param cost decoded samples, see server/render/cost.ts
   * @throws RequestError `busy` (the queue is full, or the wait too long), `over-quota` or `closing`
   * @throws PrefetchPreemptedError for a prefetch while other jobs run
   */
  async run<T>(job: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, cost = 0): Promise<T> {
    signal.throwIfAborted();
    if (this.#closing) throw closingError();
    const context = jobContextOf(signal);
    const isForeground = context.priority === "foreground";
    if (!isForeground && this.#running > 0) throw new PrefetchPreemptedError();
    const release = this.#quota.acquire(context.client, cost);
    try {
      if (isForeground) this.#listeners.onForegroundJob();
      if (this.#running >= this.#options.concurrency) await this.#waitForTurn(signal, context, cost);
      else this.#running++;
      return await this.#execute(job, signal, cost);
    } finally {
      release();
    }
  }

  /** Rejects new and waiting jobs, and aborts those still running after `seconds`. Resolves when none runs. */
  async close(seconds: number): Promise<void> {
    this.#closing = true;
    for (const waiting of [...this.#waiting]) waiting.reject(closingError());
    if (this.#running === 0) return;
    const timer = setTimeout(() => {
      for (const job of this.#runningJobs.keys()) job.abort(closingError());
    }, seconds * 1000);
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    clearTimeout(timer);
  }

  async #execute<T>(job: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, cost: number): Promise<T> {
    const controller = new AbortController();
    const abort = () => controller.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#runningJobs.set(controller, { cost });
    const started = performance.now();
    try {
      signal.throwIfAborted();
      const result = await job(controller.signal);
      this.#throughput.record(cost, (performance.now() - started) / 1000);
      return result;
    } finally {
      this.#runningJobs.delete(controller);
      signal.removeEventListener("abort", abort);
      this.#startNext();
    }
  }

  #waitForTurn(signal: AbortSignal, context: JobContext, cost: number): Promise<void> {
    const { maxQueue, maxQueueSeconds, concurrency } = this.#options;
    if (this.#waiting.size >= maxQueue) throw this.#busyError(`queue of ${maxQueue} jobs is full`);
    const ahead = [...this.#waiting].filter((other) => other.context.deadline <= context.deadline);
    const seconds = this.#throughput.estimateSeconds(ahead.map((other) => other.cost)) / concurrency;
    if (seconds > maxQueueSeconds) throw this.#busyError(`estimated wait of ${Math.ceil(seconds)} s`);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(queued);
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      const queued: QueuedJob = {
        context,
        cost,
        start: () => {
          leave();
          resolve();
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = () => {
        leave();
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => queued.reject(this.#busyError(`not started within ${maxQueueSeconds} s`)),
        maxQueueSeconds * 1000,
      );
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(queued);
    });
  }

  /** Hands the slot of a finished job to the next one, or frees it if none waits. */
  #startNext(): void {
    let next: QueuedJob | undefined;
    for (const queued of this.#waiting) {
      if (next === undefined || queued.context.deadline < next.context.deadline) next = queued;
    }
    if (next !== undefined) {
      next.start();
      return;
    }
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
    this.#listeners.onIdle();
  }

  #busyError(reason: string): RequestError {
    const retryAfter = Math.min(60, Math.max(1, Math.ceil(this.backlogSeconds)));
    return new RequestError("busy", `server overloaded: ${reason}; retry in ${retryAfter} s`, {
      "retry-after": `${retryAfter}`,
    });
  }
}

/** A prefetch was rejected because the server is not idle. */
export class PrefetchPreemptedError extends Error {
  override readonly name = "PrefetchPreemptedError";
  constructor() {
    super("prefetch preempted: the server is not idle");
  }
}

const closingError = (): RequestError =>
  new RequestError("closing", "server shutting down; retry in 1 s", { "retry-after": "1" });
