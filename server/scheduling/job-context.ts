/** The scheduling class of a job: a request waits for it, or it is prefetched. */
export type JobPriority = "foreground" | "prefetch";

/** Where the bytes were found: in memory, on disk, or in no cache, so that they had to be computed. */
export type CacheTier = "memory" | "disk" | "none";

/** How urgent a job is, and which client it is for. */
export interface JobContext {
  /** When the result is due, on the `performance.now()` clock. Moves earlier if a more urgent request joins. */
  deadline: number;
  /** The client whose quota the job counts against; undefined for jobs without a client. */
  readonly client: string | undefined;
  /** Prefetch jobs run only while the server is idle. Becomes `foreground` if a request joins. */
  priority: JobPriority;
  /** The object that the client announced as its next request: a decoded path below `/:id/`, without the query. */
  readonly nextObject?: string;
  /** Set once the bytes are available; undefined for content that is never cached. */
  cacheTier?: CacheTier;
}

/** Milliseconds until the deadline of a request that does not state one. */
export const DEFAULT_DEADLINE_MS = 4000;

const contexts = new WeakMap<AbortSignal, JobContext>();

/**
 * Attaches a job context to the signal that aborts the job. Every layer passes the signal on, so the context travels
 * with it.
 */
export function withJobContext(signal: AbortSignal, context: JobContext): AbortSignal {
  contexts.set(signal, context);
  return signal;
}

/** Returns the job context of a signal, or a foreground context without a client and with the default deadline. */
export const jobContextOf = (signal: AbortSignal | undefined): JobContext =>
  (signal && contexts.get(signal)) ?? {
    deadline: performance.now() + DEFAULT_DEADLINE_MS,
    client: undefined,
    priority: "foreground",
  };

/** Returns a copy of a request's job context, for a job that other requests may join (see `mergeContext`). */
export const sharedJobContext = (signal: AbortSignal | undefined): JobContext => {
  const { deadline, client, priority } = jobContextOf(signal);
  return { deadline, client, priority };
};

/** Merges the context of a request that joins a shared job: the earlier deadline and the higher priority win. */
export function mergeContext(shared: JobContext, joining: JobContext): void {
  shared.deadline = Math.min(shared.deadline, joining.deadline);
  if (joining.priority === "foreground") shared.priority = "foreground";
}
