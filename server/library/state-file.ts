import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeAtomically } from "../../media/write/atomic-file.js";

/**
 * Writes a value as JSON into a file of the state folder, which is created first. A reader finds the whole file or none.
 * Rejects with the error of the file system, or MediaError.
 */
export async function writeState(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, ".part", (temporary) => writeFile(temporary, JSON.stringify(value)));
}
