import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** When an encode that has failed is tried again, although its source has not changed. */
export interface EncodeRetry {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Free bytes of the disk of the asset; it is tried earlier if more than these are free. */
  readonly freeBytes?: number;
}

/** Milliseconds until a video is tried again that another process encodes. */
const IN_USE_MS = 10_000;
/** Milliseconds until an encode is tried again that has failed for a reason outside its video. */
const RETRY_MS = 10 * 60_000;
/** Bytes that must become free before an encode goes on that has filled the disk. */
const FREED_BYTES = 1024 * 1024;

/** Codes of errors that are no fault of the video. */
const EXTERNAL_CODES = new Set([
  "disk-full",
  "write-failed",
  "ffmpeg-missing",
  "ffmpeg-killed",
  "encoder-killed",
]);

/**
 * Returns when to try a failed encode again; undefined if the reason is its video.
 *
 * @param code of the error
 * @param output path of the asset
 */
export async function encodeRetry(
  code: string | undefined,
  output: string,
): Promise<EncodeRetry | undefined> {
  if (code === "in-use") return { at: Date.now() + IN_USE_MS };
  if (code === undefined || !EXTERNAL_CODES.has(code)) return undefined;
  const at = Date.now() + RETRY_MS;
  return code === "disk-full" ? { at, freeBytes: await freeBytes(output) } : { at };
}

/** Returns whether it is time to try an encode again. */
export async function mayRetry({ at, freeBytes: before }: EncodeRetry, output: string): Promise<boolean> {
  if (Date.now() >= at) return true;
  return before !== undefined && (await freeBytes(output)) >= before + FREED_BYTES;
}

const freeBytes = (output: string): Promise<number> =>
  statfs(dirname(output)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
