import { MediaError } from "../errors.js";
import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg, stdoutPipe } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";

/** Pixels of the longer side of a cover. Larger ones are scaled down. */
const MAX_SIDE = 720;
/** Bytes of a cover. */
const MAX_BYTES = 1 << 18;
/** Qualities of ffmpeg's JPEG encoder that are tried until a cover is small enough, from 2 (best) to 31. */
const QUALITIES = [3, 8, 24];

/**
 * Reads the cover art of a video as a JPEG file of at most 720 pixels per side and 256 KiB.
 *
 * @returns undefined if the video has no cover that ffmpeg can decode
 * @throws MediaError `ffmpeg-missing`, `ffmpeg-killed`; the signal's reason.
 */
export async function readCover(
  path: string,
  { coverStream }: Pick<ProbeResult, "coverStream">,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (coverStream === null) return undefined;
  for (const quality of QUALITIES) {
    const cover = await encodeCover(path, coverStream, { quality, signal });
    if (cover === undefined || cover.length <= MAX_BYTES) return cover;
  }
  return undefined;
}

/** Returns the cover as a JPEG file; undefined if it cannot be decoded. */
async function encodeCover(
  path: string,
  stream: number,
  { quality, signal }: { readonly quality: number; readonly signal: AbortSignal | undefined },
): Promise<Uint8Array | undefined> {
  const stdout = stdoutPipe();
  const chunks: Buffer[] = [];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const command = ffmpegCommand()
    .input(fileUrl(path))
    .inputOptions(BASE_OPTIONS)
    .outputOptions(["-map", `0:${stream}`, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", `${quality}`])
    .outputOptions(["-pix_fmt", "yuvj420p", "-map_metadata", "-1", "-fflags", "+bitexact"])
    .outputOptions(["-flags:v", "+bitexact", "-f", "mjpeg"])
    .videoFilters([
      `scale=w='min(iw,${MAX_SIDE})':h='min(ih,${MAX_SIDE})':force_original_aspect_ratio=decrease:flags=area`,
      "setsar=1",
    ]);
  try {
    await runFfmpeg(command, { failure: `cannot read the cover of ${path}`, stdout, signal });
  } catch (error) {
    if (error instanceof MediaError && error.code === "ffmpeg-failed") return undefined;
    throw error;
  }
  return chunks.length === 0 ? undefined : new Uint8Array(Buffer.concat(chunks));
}
