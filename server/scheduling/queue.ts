import { RequestError } from "../errors.js";
import { ClientTurns, type WaitingJob } from "./client-turns.js";
import { jobContextOf } from "./job-context.js";
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
  /** Called before each job of any kind is queued or started. */
  onJob?(): void;
  /** Called before each foreground job is queued or started, after `onJob`. */
  onForegroundJob?(): void;
  /** Called when no job of any kind is left. */
  onIdle?(): void;
}

/** Seconds above which a job is long. */
const LONG_JOB_SECONDS = 1;

interface StartedJob extends WaitingJob {
  readonly isLong: boolean;
  /** Whether its client was not greedy when it started. */
  isModest: boolean;
}

interface QueuedJob extends WaitingJob {
  readonly isLong: boolean;
  start(): void;
  reject(error: Error): void;
}

/**
 * A bounded job queue. Clients take turns; among the jobs of a client, the earliest deadline is first. Neither long jobs
 * nor clients with far more work than others run in all slots. If a job's estimated wait is too long, or the queue is full,
 * `busy` rejects it, or the last job of a client with more jobs.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #quota: ClientQuota;
  readonly #throughput = new Throughput();
  readonly #turns = new ClientTurns();
  /** In order of arrival. */
  readonly #waiting = new Set<QueuedJob>();
  readonly #runningJobs = new Map<AbortController, { readonly cost: number }>();
  #runningLong = 0;
  /** Running jobs of clients that were not greedy when they started. */
  #runningModest = 0;
  #running = 0;
  #closing = false;
  #idleWaiters: (() => void)[] = [];
  readonly #listeners = new Set<QueueListeners>();

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

  /** Adds listeners. Returns a function that removes them. */
  subscribe(listeners: QueueListeners): () => void {
    this.#listeners.add(listeners);
    return () => this.#listeners.delete(listeners);
  }

  /**
   * Runs a job when its turn comes, by the client and the deadline in the job context of its signal. Rejects with the signal's reason or the
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
      for (const listeners of this.#listeners) {
        listeners.onJob?.();
        if (isForeground) listeners.onForegroundJob?.();
      }
      const isLong = this.#isLong(cost);
      const started = { context, cost, isLong, isModest: true };
      if (this.#hasSlot(started, isLong)) this.#occupySlot(started);
      else await this.#waitForTurn(signal, started);
      return await this.#execute(job, signal, started);
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

  #isLong(cost: number): boolean {
    return this.#throughput.secondsPerSample * cost > LONG_JOB_SECONDS;
  }

  /**
   * Whether a job may start. Half of the slots are never given to long jobs. A greedy client gets none while a job of
   * another one runs, because they would share the processor, and never the last one.
   */
  #hasSlot(job: WaitingJob, isLong: boolean): boolean {
    const { concurrency } = this.#options;
    const free = concurrency - this.#running;
    if (free <= 0 || (isLong && this.#runningLong >= Math.max(1, Math.floor(concurrency / 2)))) return false;
    if (!this.#turns.isGreedy(job)) return true;
    return (free > 1 || concurrency === 1) && this.#runningModest === 0;
  }

  #occupySlot(job: StartedJob): void {
    job.isModest = !this.#turns.isGreedy(job);
    this.#turns.start(job);
    this.#running++;
    if (job.isLong) this.#runningLong++;
    if (job.isModest) this.#runningModest++;
  }

  async #execute<T>(
    job: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
    { cost, isLong, isModest }: StartedJob,
  ): Promise<T> {
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
      this.#running--;
      if (isLong) this.#runningLong--;
      if (isModest) this.#runningModest--;
      this.#startWaiting();
    }
  }

  #waitForTurn(signal: AbortSignal, job: StartedJob): Promise<void> {
    const { isLong } = job;
    const { maxQueue, maxQueueSeconds, concurrency } = this.#options;
    if (this.#waiting.size >= maxQueue) this.#makeRoom(job);
    // Long jobs delay others only if there is one slot for all.
    const isAhead = (other: QueuedJob) => concurrency === 1 || isLong || !other.isLong;
    const ahead = this.#turns.ahead(this.#waiting, job).filter(isAhead);
    const seconds = this.#throughput.estimateSeconds(ahead.map((other) => other.cost)) / concurrency;
    if (seconds > maxQueueSeconds) throw this.#busyError(`estimated wait of ${Math.ceil(seconds)} s`);
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(queued);
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      const queued: QueuedJob = {
        ...job,
        isLong,
        start: () => {
          leave();
          this.#occupySlot(job);
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

  /** Rejects the last job of the client with the most jobs, or throws if a job's own client has as many. */
  #makeRoom(job: WaitingJob): void {
    const error = this.#busyError(`queue of ${this.#options.maxQueue} jobs is full`);
    const last = this.#turns.last(this.#waiting, job);
    if (last === undefined) throw error;
    last.reject(error);
  }

  /** Starts waiting jobs in the free slots. */
  #startWaiting(): void {
    for (;;) {
      const candidates = [...this.#waiting].filter((job) => this.#hasSlot(job, job.isLong));
      const next = this.#turns.next(candidates);
      if (next === undefined) break;
      next.start();
    }
    if (this.#running > 0) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
    for (const listeners of this.#listeners) listeners.onIdle?.();
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
