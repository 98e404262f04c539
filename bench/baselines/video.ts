import { CHANNELS } from "../../codec/index.js";
import { probeVideo, readFrames } from "../../media/index.js";

/** Frames of a clip in memory: packed R'G'B' [frames, height, width, 3]. */
export interface Film {
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly frames: Uint8Array;
}

/** The first `frameCount` frames of a video, scaled as the encoder scales them. */
export async function loadFilm(
  path: string,
  size: { readonly width: number; readonly height: number },
  frameCount: number,
): Promise<Film> {
  const info = await probeVideo(path);
  const bytes = size.width * size.height * CHANNELS;
  const frames = new Uint8Array(bytes * frameCount);
  let count = 0;
  for await (const frame of readFrames(path, info, { ...size, firstFrame: 0, frameCount }))
    frames.set(frame, bytes * count++);
  return { ...size, frameCount, frames };
}

/** Some frames of a film. */
export function someFrames(film: Film, numbers: readonly number[]): Film {
  const bytes = film.frames.length / film.frameCount;
  const frames = new Uint8Array(bytes * numbers.length);
  numbers.forEach((number, i) => {
    frames.set(film.frames.subarray(number * bytes, (number + 1) * bytes), i * bytes);
  });
  return { ...film, frameCount: numbers.length, frames };
}

/** At most `count` frames of so many, evenly spaced. */
export function evenly(frameCount: number, count: number): number[] {
  const taken = Math.min(count, frameCount);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * frameCount) / taken));
}
