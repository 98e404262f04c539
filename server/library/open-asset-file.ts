import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import { fileSource } from "../../decode-pool/index.js";
import type { Identities } from "./identity.js";
import type { OpenedSource } from "./library.js";
import { assetIncomplete, isAllZero, isBeingWritten, PROBE_BYTES, waitUntilSettled } from "./settled-file.js";

/**
 * Waits until an asset is no longer being written, and opens it. Rejects with RequestError `asset-incomplete` or
 * SieddError.
 */
export async function openSettledAsset(path: string, identities: Identities): Promise<OpenedSource> {
  const name = basename(path);
  await waitUntilSettled(path, name);
  const file = fileSource(path);
  try {
    await checkAllocated(path, name);
    const asset = await openAsset(file, { name });
    const tail = Math.max(0, file.size - PROBE_BYTES);
    if ((await isBeingWritten(path)) && (await isAllZero(path, tail))) throw assetIncomplete(name);
    const { size, mtimeMs, ino } = file.identity;
    const identity = await identities.of(`${path} ${size} ${mtimeMs} ${ino}`, file);
    const { read, taskSource, stream } = file;
    return { source: { size, read, taskSource, stream, identity, lastModified: mtimeMs }, asset };
  } catch (error) {
    const isPartial =
      error instanceof SieddError && (error.code === "truncated-asset" || (await isAllZero(path, 0)));
    if (isPartial && (await isBeingWritten(path))) throw assetIncomplete(name);
    throw error;
  }
}

/** Fraction of a file that must be on disk. Below 1 for file systems that compress; weights compress little. */
const MIN_ALLOCATED = 1 / 4;
/** Bytes per block of `fs.stat`, on every file system. */
const STAT_BLOCK_BYTES = 512;

/**
 * Rejects with SieddError `truncated-asset` if most of a file is not on disk, as in a copy or download that is not
 * complete. A file system that does not count blocks reports none.
 */
async function checkAllocated(path: string, name: string): Promise<void> {
  const { size, blocks } = await stat(path);
  const allocated = blocks * STAT_BLOCK_BYTES;
  if (blocks === 0 || allocated >= size * MIN_ALLOCATED) return;
  throw new SieddError(
    "truncated-asset",
    `${name} is incomplete: only ${allocated} of its ${size} bytes are on disk; copy or encode it again`,
  );
}
