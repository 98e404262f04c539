import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../errors.js";

/**
 * Makes a folder and those above it; one that is there already is no error. Node's own `recursive` never ends where
 * the file system says ENOENT to a folder whose parent is there, as /proc does.
 */
export async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((cause: unknown) => {
      if (errnoOf(cause) !== "EEXIST") throw cause;
    });
  await make().catch(async (cause: unknown) => {
    const parent = dirname(path);
    if (errnoOf(cause) !== "ENOENT" || parent === path) throw cause;
    await makeFolder(parent);
    await make();
  });
}
