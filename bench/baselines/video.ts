import { CHANNELS } from "../../codec/internal.js";
import { probeVideo, readFrames } from "../../media/index.js";

/** Frames of a clip in memory, packed R'G'B' [frames, height, width, 3]. */
export interface Video {
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly frames: Uint8Array;
}

/** Reads the first `frameCount` frames of a video, scaled to `size` as the encoder does. */
export async function loadVideo(
  path: string,
  size: { readonly width: number; readonly height: number },
  frameCount: number,
): Promise<Video> {
  const info = await probeVideo(path);
  const bytes = size.width * size.height * CHANNELS;
  const frames = new Uint8Array(bytes * frameCount);
  let count = 0;
  for await (const frame of readFrames(path, info, { ...size, firstFrame: 0, frameCount }))
    frames.set(frame, bytes * count++);
  return { ...size, frameCount, frames };
}

/** Returns the given frames of a video. */
export function selectFrames(video: Video, numbers: readonly number[]): Video {
  const bytes = video.frames.length / video.frameCount;
  const frames = new Uint8Array(bytes * numbers.length);
  numbers.forEach((number, i) => {
    frames.set(video.frames.subarray(number * bytes, (number + 1) * bytes), i * bytes);
  });
  return { ...video, frameCount: numbers.length, frames };
}

/** Returns the numbers of up to `count` evenly spaced frames. */
export function evenlySpaced(frameCount: number, count: number): number[] {
  const selected = Math.min(count, frameCount);
  return Array.from({ length: selected }, (_, i) => Math.floor(((i + 0.5) * frameCount) / selected));
}
