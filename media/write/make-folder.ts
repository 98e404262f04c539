import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../errors.js";

/**
 * Creates a folder and its parents, if they do not exist. The `recursive` option of Node.js cannot be used: it never
 * returns if the file system reports ENOENT for a folder whose parent exists, as /proc does.
 * @throws the error of `fs.mkdir`.
 */
export async function makeFolder(path: string): Promise<void> {
  const create = () =>
    mkdir(path).catch((cause: unknown) => {
      if (errnoOf(cause) !== "EEXIST") throw cause;
    });
  await create().catch(async (cause: unknown) => {
    const parent = dirname(path);
    if (errnoOf(cause) !== "ENOENT" || parent === path) throw cause;
    await makeFolder(parent);
    await create();
  });
}
