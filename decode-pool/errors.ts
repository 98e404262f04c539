/** A decoding thread ended in the middle of its work, and so did the one that tried again. */
export class WorkerCrashedError extends Error {
  override readonly name = "WorkerDied";
  readonly code = "worker-died";

  constructor(cause: unknown) {
    super("a decoding thread died twice over the same frames; the server's log says why", { cause });
  }
}
