import { RequestError } from "../errors.js";

export interface QueueOptions {
  /** Jobs at the same time. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly maxQueue: number;
  /** Seconds a job may wait. */
  readonly maxQueueSeconds: number;
}

interface Waiting {
  start(): void;
  refuse(error: Error): void;
}

const RETRY_AFTER = "1";

/** A bounded queue, first come first served: beyond its bounds the answer is `busy`, never a longer wait. */
export class WorkQueue {
  readonly #options: QueueOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #jobs = new Set<AbortController>();
  #running = 0;
  #closing = false;
  #idle: (() => void)[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs the job in its turn. Rejects with RequestError `busy` (no room, or too long a wait) or `closing`,
   * with the signal's reason, or with the job's error.
   */
  async run<T>(job: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#closing) throw closing();
    if (this.#running >= this.#options.concurrency) await this.#turn(signal);
    else this.#running++;
    const controller = new AbortController();
    const stop = () => controller.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#jobs.add(controller);
    try {
      signal.throwIfAborted();
      return await job(controller.signal);
    } finally {
      this.#jobs.delete(controller);
      signal.removeEventListener("abort", stop);
      this.#next();
    }
  }

  /** Takes no more jobs, refuses those that wait, and ends those under way after `seconds`. */
  async close(seconds: number): Promise<void> {
    this.#closing = true;
    for (const waiting of [...this.#waiting]) waiting.refuse(closing());
    if (this.#running === 0) return;
    const timer = setTimeout(() => {
      for (const job of this.#jobs) job.abort(closing());
    }, seconds * 1000);
    await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(timer);
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#options.maxQueue) throw busy("too many segments wait to be computed");
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(waiting);
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
      };
      const waiting: Waiting = {
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
        () => waiting.refuse(busy(`no turn within ${this.#options.maxQueueSeconds} seconds`)),
        this.#options.maxQueueSeconds * 1000,
      );
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** Hands the turn on, so that the number of running jobs stays as it is while any wait. */
  #next(): void {
    const [first] = this.#waiting;
    if (first !== undefined) {
      first.start();
      return;
    }
    this.#running--;
    if (this.#running > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const busy = (why: string): RequestError =>
  new RequestError("busy", `the server is busy: ${why}; try again in a second`, {
    "retry-after": RETRY_AFTER,
  });

const closing = (): RequestError =>
  new RequestError("closing", "the server is closing; try again in a second", { "retry-after": RETRY_AFTER });
