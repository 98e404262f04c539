/** Thrown when a command fails for a reason that the user can act on. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
}

/** Thrown for an invalid command line: an option or a combination of options that is wrong for any file. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
}

/** Thrown when the reader of stdout closed it before the result was written, such as `head`. */
export class ClosedOutputError extends CommandError {
  override readonly name = "ClosedOutputError";
  /** 128 plus the number of SIGPIPE, which ends other commands in this case. */
  readonly exitCode = 141;

  constructor(cause: unknown) {
    super("stdout was closed", { cause });
  }
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The abort reason of the command's signal after the process received SIGINT, SIGTERM or SIGHUP. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  /** 128 plus the signal number, as in shells. */
  readonly exitCode: number;

  constructor(signal: keyof typeof SIGNAL_NUMBERS) {
    super("interrupted");
    this.exitCode = 128 + SIGNAL_NUMBERS[signal];
  }
}

/** Formats anything thrown as one line, or as its stack if `SIEDD_DEBUG` is set. */
export function formatError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.SIEDD_DEBUG) return error.stack ?? error.message;
  return error.message.replace(/\s*\n\s*/g, " ").trim() || error.name;
}
