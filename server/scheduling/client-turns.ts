import { LRUCache } from "lru-cache";
import type { JobContext } from "./job-context.js";

/** Milliseconds of a period. The work of the last one to two periods is recent. */
const PERIOD_MS = 10_000;
/** Multiple of the mean recent work of all clients above which a client is greedy. */
const GREEDY_FACTOR = 2;

/** A job that waits for its turn. */
export interface WaitingJob {
  readonly context: JobContext;
  /** Decoded samples, see server/render/cost.ts. */
  readonly cost: number;
}

/** Jobs without a client take turns as one client. */
const keyOf = ({ context }: WaitingJob): string => context.client ?? "";
/** Clients tracked. One that is forgotten is served as if it were new. */
const MAX_CLIENTS = 10_000;
/** Cost of any job besides its samples: a client that requests many small ones must not get more turns. */
const TURN_COST = 2_000_000;

/**
 * Gives clients equal shares of the work, however many jobs each has: start-time fair queuing (P. Goyal et al. 1996), which
 * is deficit round robin without a quantum. Each client has a time at which its next job may start, in virtual time that
 * advances by cost. The client with the earliest time is next; its jobs are ordered by their deadlines.
 */
export class ClientTurns {
  /** The time at which the last job started. */
  #now = 0;
  /** When each client may start its next job. */
  readonly #nextStarts = new LRUCache<string, number>({ max: MAX_CLIENTS });

  /** Work by client in this period and in the one before. */
  #recent: readonly [Map<string, number>, Map<string, number>] = [new Map(), new Map()];
  #periodEnd = performance.now() + PERIOD_MS;

  /** Charges a job that starts to its client. */
  start(job: WaitingJob): void {
    const client = keyOf(job);
    const work = job.cost + TURN_COST;
    this.#now = this.#nextStart(client);
    this.#nextStarts.set(client, this.#now + work);
    const [current] = this.#recentWork();
    current.set(client, (current.get(client) ?? 0) + work);
  }

  /** Whether a job's client has recently had far more work than the others. A single client never has. */
  isGreedy(job: WaitingJob): boolean {
    const periods = this.#recentWork();
    const own = periods.reduce((sum, period) => sum + (period.get(keyOf(job)) ?? 0), 0);
    const clients = new Set(periods.flatMap((period) => [...period.keys()])).size;
    const total = periods.reduce((sum, period) => sum + sumOf(period.values()), 0);
    return own * clients > GREEDY_FACTOR * total;
  }

  /** Returns the job whose turn it is; undefined if none waits. */
  next<T extends WaitingJob>(waiting: Iterable<T>): T | undefined {
    let best: { readonly start: number; readonly job: T } | undefined;
    for (const [client, jobs] of byClient(waiting)) {
      const start = this.#nextStart(client);
      if (best === undefined || start < best.start) best = { start, job: jobs[0] };
    }
    return best?.job;
  }

  /** Returns the waiting jobs that start before a job that arrives now. */
  ahead<T extends WaitingJob>(waiting: Iterable<T>, job: WaitingJob): T[] {
    const clients = byClient(waiting);
    const own = (clients.get(keyOf(job)) ?? []).filter(
      ({ context }) => context.deadline <= job.context.deadline,
    );
    const start = own.reduce((time, { cost }) => time + cost + TURN_COST, this.#nextStart(keyOf(job)));
    clients.delete(keyOf(job));
    const others = [...clients].flatMap(([client, jobs]) => {
      let time = this.#nextStart(client);
      return jobs.filter(({ cost }) => {
        const isAhead = time <= start;
        time += cost + TURN_COST;
        return isAhead;
      });
    });
    return [...own, ...others];
  }

  /**
   * Returns the job that must leave a full queue, so that a job of another client can wait: the last one of the client with
   * the most jobs. Returns undefined if no client has more jobs than that of the new one would have.
   */
  last<T extends WaitingJob>(waiting: Iterable<T>, job: WaitingJob): T | undefined {
    const clients = byClient(waiting);
    const own = clients.get(keyOf(job))?.length ?? 0;
    let most: readonly T[] = [];
    for (const jobs of clients.values()) if (jobs.length > most.length) most = jobs;
    return most.length > own + 1 ? most[most.length - 1] : undefined;
  }

  #recentWork(): readonly [Map<string, number>, Map<string, number>] {
    const now = performance.now();
    if (now >= this.#periodEnd) {
      // After a pause of more than a period, neither is recent.
      const last = now < this.#periodEnd + PERIOD_MS ? this.#recent[0] : new Map<string, number>();
      this.#recent = [new Map(), last];
      this.#periodEnd = now + PERIOD_MS;
    }
    return this.#recent;
  }

  #nextStart(client: string): number {
    return Math.max(this.#now, this.#nextStarts.get(client) ?? 0);
  }
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** Groups jobs by client, each client's by deadline. */
function byClient<T extends WaitingJob>(waiting: Iterable<T>): Map<string, T[]> {
  const clients = new Map<string, T[]>();
  for (const job of waiting) {
    const jobs = clients.get(keyOf(job));
    if (jobs === undefined) clients.set(keyOf(job), [job]);
    else jobs.push(job);
  }
  for (const jobs of clients.values()) jobs.sort((a, b) => a.context.deadline - b.context.deadline);
  return clients;
}
