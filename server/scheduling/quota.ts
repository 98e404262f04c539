import { LRUCache } from "lru-cache";
import { RequestError } from "../errors.js";

export interface QuotaOptions {
  /** Running and waiting jobs allowed per client; 0 for no limit. */
  readonly clientJobs: number;
  /** Long-term rate allowed per client, in decoded samples per second; 0 for no limit. */
  readonly clientPixelsPerSecond: number;
}

interface ClientUsage {
  jobs: number;
  /** Pixels left in the token bucket; negative after a job larger than the balance. */
  pixels: number;
  /** When `pixels` was last refilled, on the `performance.now()` clock. */
  refilledAt: number;
}

/** Capacity of the token bucket in seconds of its rate: starting and seeking request many pixels at once. */
const BURST_SECONDS = 10;
/** Clients tracked. The least recently active ones are forgotten, and start again with a full bucket. */
const MAX_CLIENTS = 10_000;

/** Limits each client to a number of concurrent jobs, and to a pixel rate through a token bucket. */
export class ClientQuota {
  readonly #options: QuotaOptions;
  readonly #clients = new LRUCache<string, ClientUsage>({ max: MAX_CLIENTS });

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /**
   * Charges a job to a client and returns the function that releases its job slot.
   *
   * @param client undefined for jobs without a client, which are free
   * @param pixels cost in decoded samples; one per pixel of H.264 at the size of its source
   * @throws RequestError `over-quota`
   */
  acquire(client: string | undefined, pixels: number): () => void {
    const { clientJobs, clientPixelsPerSecond: rate } = this.#options;
    if (client === undefined || (clientJobs === 0 && rate === 0)) return () => {};
    const usage = this.#usageOf(client);
    if (clientJobs > 0 && usage.jobs >= clientJobs) {
      throw overQuota(`client limit of ${clientJobs} concurrent jobs reached`, 1);
    }
    if (rate > 0) {
      if (usage.pixels <= 0) {
        throw overQuota(`client limit of ${rate} pixels per second reached`, -usage.pixels / rate);
      }
      usage.pixels -= pixels;
    }
    usage.jobs++;
    let released = false;
    return () => {
      if (!released) usage.jobs--;
      released = true;
    };
  }

  #usageOf(client: string): ClientUsage {
    const { clientPixelsPerSecond: rate } = this.#options;
    const now = performance.now();
    const capacity = rate * BURST_SECONDS;
    let usage = this.#clients.get(client);
    if (usage === undefined) {
      usage = { jobs: 0, pixels: capacity, refilledAt: now };
      this.#clients.set(client, usage);
    }
    usage.pixels = Math.min(capacity, usage.pixels + ((now - usage.refilledAt) / 1000) * rate);
    usage.refilledAt = now;
    return usage;
  }
}

function overQuota(reason: string, seconds: number): RequestError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  // Not 429: players do not retry after a 4xx.
  return new RequestError("over-quota", `${reason}; retry in ${retryAfter} s`, {
    "retry-after": `${retryAfter}`,
  });
}
