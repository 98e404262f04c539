/** How soon an answer is wanted, and by whom. */
export interface JobContext {
  /** `performance.now()` by which it should be there; earlier once somebody in more of a hurry joins. */
  due: number;
  /** Whose quota the work is counted against; undefined: nobody's. */
  readonly client: string | undefined;
  /** Nobody has asked yet: it runs only while nothing else does. */
  ahead: boolean;
  /** What the client says it will ask for next: a path below that of the video, with neither query nor version. */
  readonly next?: string;
  /** Where the bytes were found, once they are there; undefined for what is in no cache. */
  store?: CacheTier;
}

/** Where bytes were found: in memory, on the disk, or nowhere, so that they were made. */
export type CacheTier = "memory" | "disk" | "none";

/** Milliseconds within which an answer is wanted whose request does not say. */
export const DEFAULT_DEADLINE_MS = 4000;

const demands = new WeakMap<AbortSignal, JobContext>();

/**
 * Hangs a demand on the signal that ends its work. Whatever passes the signal on, as everything must, passes the
 * demand on with it.
 */
export function withJobContext(signal: AbortSignal, demand: JobContext): AbortSignal {
  demands.set(signal, demand);
  return signal;
}

/** The demand of a signal; of one without: nobody's, within the default time from now. */
export const jobContextOf = (signal: AbortSignal | undefined): JobContext =>
  (signal && demands.get(signal)) ?? {
    due: performance.now() + DEFAULT_DEADLINE_MS,
    client: undefined,
    ahead: false,
  };

/** The demand of work that several share: the first one's, until `joinDemand`. */
export const sharedJobContext = (signal: AbortSignal | undefined): JobContext => {
  const { due, client, ahead } = jobContextOf(signal);
  return { due, client, ahead };
};

/** Another one waits for the same work: it is wanted as soon as either of them wants it. */
export function mergeContext(shared: JobContext, other: JobContext): void {
  shared.due = Math.min(shared.due, other.due);
  shared.ahead &&= other.ahead;
}
