import type { Writable } from "node:stream";

/** Where a command writes, and what ends it. */
export interface Io {
  /** Results. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Progress and errors. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborted with an `Interrupted` when the command is to end. */
  readonly signal: AbortSignal;
}

/** One line of result. */
export const print = (io: Io, text: string): void => {
  io.stdout.write(`${text}\n`);
};
