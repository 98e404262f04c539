import { open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { RequestError } from "../errors.js";

/** Milliseconds since its last write after which a file is opened; a copy in progress writes more often. */
const SETTLED_AFTER_MS = 200;
/** Milliseconds that a request waits for a file to settle. */
const SETTLE_TIMEOUT_MS = 1000;
/** Milliseconds since its last write during which a truncated file is reported as still being written. */
const WRITING_WINDOW_MS = 5000;
/** Bytes at either end of a video that are never all zero, except in a preallocated file that is still being written. */
export const PROBE_BYTES = 64;

/** Rejects with RequestError `asset-incomplete` if the file is still being written after `SETTLE_TIMEOUT_MS`. */
export async function waitUntilSettled(path: string, name: string): Promise<void> {
  const started = Date.now();
  for (let previous = ""; ; ) {
    if ((await msSinceWrite(path)) >= SETTLED_AFTER_MS) return;
    const { size, ctimeMs } = await stat(path).catch(() => ({ size: 0, ctimeMs: 0 }));
    const current = `${size} ${ctimeMs}`;
    // An unchanged file has settled even if the clocks of the file system and of this machine differ.
    if (current === previous) return;
    if (Date.now() - started >= SETTLE_TIMEOUT_MS) throw assetIncomplete(name);
    previous = current;
    await sleep(SETTLED_AFTER_MS);
  }
}

/** Returns whether a file was written so recently that a copy of it may be in progress. */
export const isBeingWritten = async (path: string): Promise<boolean> =>
  (await msSinceWrite(path)) < WRITING_WINDOW_MS;

/** Returns the milliseconds since a file was last written, or 0 if this machine's clock is behind. */
async function msSinceWrite(path: string): Promise<number> {
  // Not mtime, which `cp -p` sets to an earlier time at its end; ctime cannot be set.
  const { ctimeMs } = await stat(path).catch(() => ({ ctimeMs: 0 }));
  return Math.max(0, Date.now() - ctimeMs);
}

/** Whether the `PROBE_BYTES` bytes at `offset` are all zero. */
export async function isAllZero(path: string, offset: number): Promise<boolean> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(PROBE_BYTES), 0, PROBE_BYTES, offset);
    return buffer.subarray(0, bytesRead).every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}

export const assetIncomplete = (name: string): RequestError =>
  new RequestError("asset-incomplete", `${name} is still being written; retry later`, {
    "retry-after": "2",
  });
