import { withJobContext } from "./job-context.js";
import type { WorkQueue } from "./queue.js";

/** What a Prefetcher has done so far. */
export interface PrefetchCounts {
  readonly started: number;
  /** Made, before anybody asked or just as somebody did. */
  readonly finished: number;
  /** Given up for what somebody asked for. */
  readonly dropped: number;
}

type Work = (signal: AbortSignal) => Promise<unknown>;

/** Guesses kept until the server is idle; older ones are the worse ones. */
const MAX_OFFERS = 16;
/** Milliseconds after which nobody is likely to ask any more, or has asked already. */
const STALE = 10_000;

/** Makes what will probably be asked for next while nothing else is to be done, one thing at a time, newest first. */
export class Prefetcher {
  readonly #queue: WorkQueue;
  readonly #offers = new Map<string, { readonly work: Work; readonly at: number }>();
  readonly #counts = { started: 0, finished: 0, dropped: 0 };
  #current: AbortController | undefined;

  constructor(queue: WorkQueue) {
    this.#queue = queue;
    queue.watch({
      real: () => this.#current?.abort(new Error("somebody asks for something")),
      idle: () => this.#begin(),
    });
  }

  get counts(): PrefetchCounts {
    return { ...this.#counts };
  }

  /** @param work ends with its signal; joins what is made already under `key` */
  offer(key: string, work: Work): void {
    this.#offers.delete(key);
    this.#offers.set(key, { work, at: performance.now() });
    if (this.#offers.size > MAX_OFFERS) {
      const [oldest] = this.#offers.keys();
      this.#offers.delete(oldest);
    }
    // Whoever makes an offer may be about to ask for more himself.
    setImmediate(() => this.#begin());
  }

  #begin(): void {
    if (this.#current !== undefined || this.#queue.running > 0 || this.#queue.closing) return;
    const newest = [...this.#offers].at(-1);
    if (newest === undefined) return;
    const [key, { work, at }] = newest;
    this.#offers.delete(key);
    if (performance.now() - at > STALE) {
      this.#offers.clear();
      return;
    }
    const controller = new AbortController();
    withJobContext(controller.signal, { due: Number.POSITIVE_INFINITY, client: undefined, ahead: true });
    this.#current = controller;
    this.#counts.started++;
    work(controller.signal)
      .then(
        () => this.#counts.finished++,
        // A guess that cannot be made is told to whoever asks for it.
        () => this.#counts.dropped++,
      )
      .finally(() => {
        this.#current = undefined;
        this.#begin();
      });
  }
}
