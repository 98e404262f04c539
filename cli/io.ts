import type { Writable } from "node:stream";
import { ClosedOutputError, CommandError } from "./errors.js";

/** The output streams of a command, and the signal that ends it. */
export interface Io {
  /** Results. */
  readonly stdout: Writable & { readonly isTTY?: boolean };
  /** Progress and errors. */
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborted with an `InterruptedError` when the command should end. */
  readonly signal: AbortSignal;
}

/** Writes a result as one line to stdout. @throws ClosedOutputError; CommandError if it cannot be written. */
export const print = (io: Io, text: string): Promise<void> => writeResult(io, `${text}\n`);

/** Writes a result to stdout. @throws ClosedOutputError; CommandError if it cannot be written. */
export function writeResult(io: Io, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    io.stdout.write(text, (error) => {
      if (error) reject(outputError(error));
      else resolve();
    });
  });
}

function outputError(cause: NodeJS.ErrnoException): CommandError {
  if (cause.code === "EPIPE") return new ClosedOutputError(cause);
  const full = cause.code === "ENOSPC" || cause.code === "EDQUOT";
  const reason = full ? "the disk is full; free some space or" : `${cause.message};`;
  return new CommandError(`cannot write the result to stdout: ${reason} redirect stdout elsewhere`, {
    cause,
  });
}
