import { randomBytes } from "node:crypto";
import { access, constants, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MediaError, writeError } from "../errors.js";

/**
 * Refuses an output that cannot be written, before any work goes into it, and one that would take the place of what
 * it is made from. @throws MediaError "write-failed".
 */
export async function checkWritable(output: string, ...sources: readonly string[]): Promise<void> {
  const existing = await stat(output).catch(() => undefined);
  if (existing?.isDirectory()) {
    throw new MediaError("write-failed", `cannot write ${output}: that is a folder; give the name of a file`);
  }
  for (const source of existing === undefined ? [] : sources) {
    const found = await stat(source).catch(() => undefined);
    if (found?.ino === existing?.ino && found?.dev === existing?.dev) {
      throw new MediaError("write-failed", `cannot write ${output}: that is the source; give another name`);
    }
  }
  const folder = dirname(output);
  const parent = await stat(folder).catch((cause: unknown) => {
    throw writeError(output, cause);
  });
  if (!parent.isDirectory()) {
    throw new MediaError("write-failed", `cannot write ${output}: ${folder} is not a folder`);
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw writeError(output, cause);
  });
}

/**
 * Writes a file whole or not at all: `write` fills a temporary name in the same folder, which then takes the
 * place of `output`; on failure nothing is left.
 * @param extension such as ".mp4", for writers that go by it.
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

/** A hidden name beside `output` that nobody else uses. */
export const temporaryName = (output: string, extension: string): string =>
  join(dirname(output), `.${basename(output)}.${process.pid}-${randomBytes(4).toString("hex")}${extension}`);
