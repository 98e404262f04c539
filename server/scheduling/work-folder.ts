import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isRemoved } from "./source-watch.js";

/** Milliseconds for which the checkpoints of a removed source are kept: it may be on a disk that is not mounted. */
const KEEP_MS = 7 * 24 * 3600 * 1000;

/** Returns the folder for the checkpoints of an asset in a state folder. */
export const workFolder = (state: string, asset: string): string =>
  join(state, "work", createHash("sha256").update(asset).digest("hex").slice(0, 32));

/** Removes the checkpoints of sources that were removed a week ago, while nothing encoded them. */
export async function removeAbandonedWork(state: string): Promise<void> {
  const folder = join(state, "work");
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs < KEEP_MS) continue;
    const input = await readFile(join(path, "encode.json"), "utf8").then(inputOf, () => undefined);
    if (input !== undefined && (await isRemoved(input))) await rm(path, { recursive: true, force: true });
  }
}

/** Returns the path of the source of checkpoints; undefined if it is not recorded. */
function inputOf(identity: string): string | undefined {
  try {
    const { input } = JSON.parse(identity) as { readonly input?: readonly unknown[] };
    return typeof input?.[0] === "string" ? input[0] : undefined;
  } catch {
    return undefined;
  }
}
