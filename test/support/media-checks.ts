import assert from "node:assert/strict";
import { MediaError, type MediaErrorCode, probeVideo, readFrames } from "../../media/index.js";

/** Returns a check for `assert.rejects`: a MediaError with a code and a one-line message. */
export const isMediaError = (code: MediaErrorCode, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MediaError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

/** Returns R'G'B' frames of a video. */
export async function framesOf(
  path: string,
  options: Omit<Parameters<typeof readFrames>[2], "signal">,
): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of readFrames(path, await probeVideo(path), options)) frames.push(frame);
  return frames;
}

/** Asserts that all values are within `tolerance` of the expected ones. */
export function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  const maxError = Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)));
  assert.ok(maxError <= tolerance, `${actual} must be within ${tolerance} of ${expected}`);
}

/** Yields uniformly gray I420 frames, one per luma level. */
export async function* grayFrames(
  width: number,
  height: number,
  levels: readonly number[],
): AsyncGenerator<Uint8Array> {
  for (const level of levels) {
    const frame = new Uint8Array((width * height * 3) / 2).fill(128);
    yield frame.fill(level, 0, width * height);
  }
}
