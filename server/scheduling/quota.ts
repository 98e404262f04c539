import { LRUCache } from "lru-cache";
import { RequestError } from "../errors.js";

export interface QuotaOptions {
  /** Jobs of one client that may run and wait at the same time; 0: any number. */
  readonly clientJobs: number;
  /** Pixels times frames a second that one client may have computed in the long run; 0: any number. */
  readonly clientPixelsPerSecond: number;
}

interface Account {
  jobs: number;
  /** Pixels that may be computed now; below 0 after a job that was larger than what was left. */
  pixels: number;
  /** `performance.now()` of `pixels`. */
  at: number;
}

/** Seconds of its rate that a client may save up: a start or a seek asks for much at once. */
const BURST_SECONDS = 10;
/** Clients remembered; those that were quiet longest start afresh. */
const MAX_CLIENTS = 10_000;

/** What one client may have computed: a number of jobs at a time, and pixels by a token bucket. */
export class ClientQuota {
  readonly #options: QuotaOptions;
  readonly #accounts = new LRUCache<string, Account>({ max: MAX_CLIENTS });

  constructor(options: QuotaOptions) {
    this.#options = options;
  }

  /**
   * Counts a job of `pixels` against the client, and returns what ends it. Throws RequestError `over-quota`.
   *
   * @param client undefined: nobody's, and free
   */
  enter(client: string | undefined, pixels: number): () => void {
    const { clientJobs, clientPixelsPerSecond: rate } = this.#options;
    if (client === undefined || (clientJobs === 0 && rate === 0)) return () => {};
    const account = this.#account(client);
    if (clientJobs > 0 && account.jobs >= clientJobs) {
      throw overQuota(`${account.jobs} answers are being computed for this client already`, 1);
    }
    if (rate > 0) {
      if (account.pixels <= 0)
        throw overQuota("this client has had its share of computing", -account.pixels / rate);
      account.pixels -= pixels;
    }
    account.jobs++;
    let ended = false;
    return () => {
      if (!ended) account.jobs--;
      ended = true;
    };
  }

  #account(client: string): Account {
    const { clientPixelsPerSecond: rate } = this.#options;
    const now = performance.now();
    const full = rate * BURST_SECONDS;
    let account = this.#accounts.get(client);
    if (account === undefined) {
      account = { jobs: 0, pixels: full, at: now };
      this.#accounts.set(client, account);
    }
    account.pixels = Math.min(full, account.pixels + ((now - account.at) / 1000) * rate);
    account.at = now;
    return account;
  }
}

function overQuota(why: string, seconds: number): RequestError {
  const wait = Math.max(1, Math.ceil(seconds));
  // Not 429: players give up at the first 4xx.
  return new RequestError(
    "over-quota",
    `${why}; try again in ${wait === 1 ? "a second" : `${wait} seconds`}`,
    {
      "retry-after": `${wait}`,
    },
  );
}
