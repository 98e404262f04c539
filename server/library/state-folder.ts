import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Returns the folder for what the server knows of the sources in a folder: indexes, counts and posters. It is not created
 * yet. If the folder is read-only, it is one in the system's cache folder.
 *
 * @param configured the option `stateDir`
 */
export async function stateFolder(root: string, configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured;
  const isWritable = await access(root, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (isWritable) return join(root, ".siedd");
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(cache, "siedd", createHash("sha256").update(root).digest("hex").slice(0, 16));
}
