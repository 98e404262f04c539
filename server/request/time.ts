import { RequestError } from "../errors.js";
import type { VideoDescription } from "../video/video.js";

type Timed = Pick<VideoDescription, "frameCount" | "frameRate">;

/** Returns the duration of a video in milliseconds, rounded up: the first millisecond without a frame. */
export function durationMs({ frameCount, frameRate }: Timed): number {
  // The epsilon keeps rounding errors from adding a millisecond to an exact duration.
  return Math.ceil((frameCount * 1000 * frameRate.den) / frameRate.num - 1e-6);
}

/** Rejects times past the end of a video. Throws RequestError `no-such-frame`. */
export function assertTime(
  { id, video }: { readonly id: string; readonly video: Timed },
  timeMs: number,
): void {
  const end = durationMs(video);
  if (timeMs < end) return;
  throw new RequestError("no-such-frame", `"${id}" has frames from 0 to ${end - 1} ms, got ${timeMs} ms`);
}
