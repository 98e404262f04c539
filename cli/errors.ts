/** Anything thrown as one sentence; with SIEDD_DEBUG set, as the stack behind it. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.SIEDD_DEBUG) return error.stack ?? error.message;
  return error.message.replace(/\s*\n\s*/g, " ").trim() || error.name;
}

/** A failure of the command line itself: a sentence for the user. */
export class CommandError extends Error {
  override readonly name: string = "CommandError";
}

/** Options that do not go together: wrong whatever the files hold. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
}
