import type { Writable } from "node:stream";

/** The output streams of a command, and the signal that ends it. */
export interface Io {
  /** Results. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Progress and errors. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborted with an `InterruptedError` when the command should end. */
  readonly signal: AbortSignal;
}

/** Writes one line to stdout. */
export const print = (io: Io, text: string): void => {
  io.stdout.write(`${text}\n`);
};
