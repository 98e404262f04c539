import { randomBytes } from "node:crypto";
import { access, constants, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MediaError, writeError } from "../errors.js";

/**
 * Checks that `output` can be written and is not one of `sources`, before any work is done.
 * @throws MediaError `write-failed`.
 */
export async function checkWritable(output: string, ...sources: readonly string[]): Promise<void> {
  const existing = await stat(output).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new MediaError("write-failed", `cannot write ${output}: it is a folder; choose a file name`);
  }
  for (const source of existing === undefined ? [] : sources) {
    const sourceStats = await stat(source).catch(() => undefined);
    if (sourceStats?.ino === existing?.ino && sourceStats?.dev === existing?.dev) {
      throw new MediaError("write-failed", `cannot write ${output}: it is the source; choose another name`);
    }
  }
  const folder = dirname(output);
  const parent = await stat(folder).catch((cause: unknown) => {
    throw writeError(output, cause);
  });
  if (!parent.isDirectory()) {
    throw new MediaError("write-failed", `cannot write ${output}: ${folder} is not a folder; check the path`);
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw writeError(output, cause);
  });
}

/**
 * Writes a file atomically: `write` writes a temporary file in the same folder, which then replaces `output`. If it
 * fails, the temporary file is deleted.
 * @param extension extension of the temporary file, such as ".mp4", for writers that depend on it
 * @throws MediaError `write-failed`, `disk-full`. Errors of `write` pass through.
 */
export async function writeAtomically(
  output: string,
  extension: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  await checkWritable(output);
  const temporary = temporaryName(output, extension);
  try {
    await write(temporary);
    await rename(temporary, output).catch((cause: unknown) => {
      throw writeError(output, cause);
    });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Returns the path of a hidden, unique file in the folder of `output`. */
export const temporaryName = (output: string, extension: string): string =>
  join(dirname(output), `.${basename(output)}.${process.pid}-${randomBytes(4).toString("hex")}${extension}`);
