/** A worker thread crashed while it decoded, and so did the thread that retried the task. */
export class WorkerCrashedError extends Error {
  override readonly name = "WorkerCrashedError";
  readonly code = "worker-died";

  constructor(cause: unknown) {
    super("a decode worker crashed twice on the same frames; see the cause, or the server log", { cause });
  }
}
