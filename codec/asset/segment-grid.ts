import type { Rational } from "./rational.js";

/**
 * Returns the frames that begin a segment, ascending from 0, without the end of the video: the first frames at or after
 * 0, 1/2, 1, 2, 3, ... seconds. The first second is split because playback starts when the first segment arrives. The
 * grid depends on the frame rate and count only, so a video has the same segments before and after it is encoded.
 */
export function segmentStarts(frameCount: number, rate: Rational): number[] {
  const frameAt = (halfSeconds: number) => Math.ceil((halfSeconds * rate.num) / (2 * rate.den));
  const starts = [0];
  const append = (frame: number) => {
    if (frame > starts[starts.length - 1] && frame < frameCount) starts.push(frame);
  };
  append(frameAt(1));
  if (rate.num <= rate.den) {
    // At most one frame per second: every frame begins a segment.
    for (let frame = starts.length; frame < frameCount; frame++) append(frame);
    return starts;
  }
  for (let second = 1; frameAt(2 * second) < frameCount; second++) append(frameAt(2 * second));
  return starts;
}
