import { RequestError } from "../errors.js";
import { type JobContext, jobContextOf } from "./job-context.js";
import { ClientQuota, type QuotaOptions } from "./quota.js";
import { Throughput } from "./throughput.js";

export interface QueueOptions extends Partial<QuotaOptions> {
  /** Jobs at the same time. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly maxQueue: number;
  /** Seconds a job may wait. */
  readonly maxQueueSeconds: number;
}

interface Waiting {
  readonly demand: JobContext;
  readonly cost: number;
  start(): void;
  refuse(error: Error): void;
}

/**
 * A bounded queue, the earliest deadline first, first come first served among equals. Beyond its bounds the answer
 * is `busy`, never a longer wait; what cannot get its turn in time is told so at once.
 */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #quota: ClientQuota;
  readonly #throughput = new Throughput();
  /** In the order of their coming. */
  readonly #waiting = new Set<Waiting>();
  readonly #jobs = new Map<AbortController, { readonly cost: number }>();
  #running = 0;
  #closing = false;
  #idle: (() => void)[] = [];
  #onReal: () => void = () => {};
  #onIdle: () => void = () => {};

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

  /** Seconds until what runs and waits now is done, as far as can be told from what was done so far. */
  get backlogSeconds(): number {
    const costs = [...this.#jobs.values(), ...this.#waiting].map((job) => job.cost);
    return this.#throughput.seconds(costs) / this.#options.concurrency;
  }

  /** Calls `real` when a job that somebody waits for comes, and `idle` when none is left of any kind. */
  watch({ real, idle }: { real(): void; idle(): void }): void {
    this.#onReal = real;
    this.#onIdle = idle;
  }

  /**
   * Runs the job in its turn, by the demand of its signal. Rejects with RequestError `busy` (no room, or too long a
   * wait), `over-quota` or `closing`, with the signal's reason, or with the job's error.
   *
   * @param cost output pixels times frames
   */
  async run<T>(job: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, cost = 0): Promise<T> {
    signal.throwIfAborted();
    if (this.#closing) throw closing();
    const demand = jobContextOf(signal);
    if (demand.ahead && this.#running > 0) throw new PrefetchPreemptedError();
    const leave = this.#quota.enter(demand.client, cost);
    try {
      if (!demand.ahead) this.#onReal();
      if (this.#running >= this.#options.concurrency) await this.#turn(signal, demand, cost);
      else this.#running++;
      return await this.#runNow(job, signal, cost);
    } finally {
      leave();
    }
  }

  /** Takes no more jobs, refuses those that wait, and ends those under way after `seconds`. */
  async close(seconds: number): Promise<void> {
    this.#closing = true;
    for (const waiting of [...this.#waiting]) waiting.refuse(closing());
    if (this.#running === 0) return;
    const timer = setTimeout(() => {
      for (const job of this.#jobs.keys()) job.abort(closing());
    }, seconds * 1000);
    await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(timer);
  }

  async #runNow<T>(job: (signal: AbortSignal) => Promise<T>, signal: AbortSignal, cost: number): Promise<T> {
    const controller = new AbortController();
    const stop = () => controller.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#jobs.set(controller, { cost });
    const started = performance.now();
    try {
      signal.throwIfAborted();
      const result = await job(controller.signal);
      this.#throughput.add(cost, (performance.now() - started) / 1000);
      return result;
    } finally {
      this.#jobs.delete(controller);
      signal.removeEventListener("abort", stop);
      this.#next();
    }
  }

  #turn(signal: AbortSignal, demand: JobContext, cost: number): Promise<void> {
    const { maxQueue, maxQueueSeconds, concurrency } = this.#options;
    if (this.#waiting.size >= maxQueue) throw this.#busy("too many answers wait to be computed");
    const before = [...this.#waiting].filter((other) => other.demand.due <= demand.due);
    const seconds = this.#throughput.seconds(before.map((other) => other.cost)) / concurrency;
    if (seconds > maxQueueSeconds) throw this.#busy(`about ${Math.ceil(seconds)} seconds of work come first`);
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(waiting);
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
      };
      const waiting: Waiting = {
        demand,
        cost,
        start: () => {
          end();
          resolve();
        },
        refuse: (error) => {
          end();
          reject(error);
        },
      };
      const aborted = () => {
        end();
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => waiting.refuse(this.#busy(`no turn within ${maxQueueSeconds} seconds`)),
        maxQueueSeconds * 1000,
      );
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** Hands the turn on, so that the number of running jobs stays as it is while any wait. */
  #next(): void {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (first === undefined || waiting.demand.due < first.demand.due) first = waiting;
    }
    if (first !== undefined) {
      first.start();
      return;
    }
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
    this.#onIdle();
  }

  #busy(why: string): RequestError {
    const wait = Math.min(60, Math.max(1, Math.ceil(this.backlogSeconds)));
    return new RequestError(
      "busy",
      `the server is busy: ${why}; try again in ${wait === 1 ? "a second" : `${wait} seconds`}`,
      { "retry-after": `${wait}` },
    );
  }
}

/** Something that nobody asked for yet gave way to what somebody did ask for. */
export class PrefetchPreemptedError extends Error {
  override readonly name = "NotIdle";
  constructor() {
    super("the server is not idle any more");
  }
}

const closing = (): RequestError =>
  new RequestError("closing", "the server is closing; try again in a second", { "retry-after": "1" });
