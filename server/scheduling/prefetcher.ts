import { withJobContext } from "./job-context.js";
import type { WorkQueue } from "./queue.js";

/** What a Prefetcher has done so far. */
export interface PrefetchCounts {
  readonly started: number;
  /** Completed, even if a request joined in the meantime. */
  readonly finished: number;
  /** Preempted by a request, or failed. */
  readonly dropped: number;
}

type PrefetchJob = (signal: AbortSignal) => Promise<unknown>;

/** Candidates kept until the server is idle; the oldest is dropped first. */
const MAX_CANDIDATES = 16;
/** Milliseconds after which a candidate is unlikely to be requested, or already has been. */
const CANDIDATE_TTL_MS = 10_000;

/** Runs prefetch jobs while the server is idle: one at a time, the newest candidate first. */
export class Prefetcher {
  readonly #queue: WorkQueue;
  readonly #candidates = new Map<string, { readonly job: PrefetchJob; readonly addedAt: number }>();
  readonly #counts = { started: 0, finished: 0, dropped: 0 };
  #current: AbortController | undefined;

  constructor(queue: WorkQueue) {
    this.#queue = queue;
    queue.subscribe({
      onForegroundJob: () => this.#current?.abort(new Error("prefetch preempted by a request")),
      onIdle: () => this.#startNext(),
    });
  }

  get counts(): PrefetchCounts {
    return { ...this.#counts };
  }

  /**
   * Adds a candidate, or moves it to the front if `key` is known.
   *
   * @param job must stop when its signal aborts, and join work in flight for the same `key`
   */
  schedule(key: string, job: PrefetchJob): void {
    this.#candidates.delete(key);
    this.#candidates.set(key, { job, addedAt: performance.now() });
    if (this.#candidates.size > MAX_CANDIDATES) {
      const [oldest] = this.#candidates.keys();
      this.#candidates.delete(oldest);
    }
    // Deferred: the caller may be about to submit a foreground job.
    setImmediate(() => this.#startNext());
  }

  #startNext(): void {
    if (this.#current !== undefined || this.#queue.running > 0 || this.#queue.closing) return;
    const newest = [...this.#candidates].at(-1);
    if (newest === undefined) return;
    const [key, { job, addedAt }] = newest;
    this.#candidates.delete(key);
    if (performance.now() - addedAt > CANDIDATE_TTL_MS) {
      this.#candidates.clear();
      return;
    }
    const controller = new AbortController();
    withJobContext(controller.signal, {
      deadline: Number.POSITIVE_INFINITY,
      client: undefined,
      priority: "prefetch",
    });
    this.#current = controller;
    this.#counts.started++;
    job(controller.signal)
      .then(
        () => this.#counts.finished++,
        // The error is not logged: a request for the same object fails in the same way and reports it.
        () => this.#counts.dropped++,
      )
      .finally(() => {
        this.#current = undefined;
        this.#startNext();
      });
  }
}
