import assert from "node:assert/strict";
import { MediaError, type MediaErrorCode, probeVideo, readFrames } from "../../media/index.js";

/** One sentence, with the code expected; names nothing of ours but the file. */
export const fails = (code: MediaErrorCode, says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof MediaError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, says);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

/** R'G'B' pictures of a video. */
export async function framesOf(
  path: string,
  options: Omit<Parameters<typeof readFrames>[2], "signal">,
): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const frame of readFrames(path, await probeVideo(path), options)) all.push(frame);
  return all;
}

/** All values are within `tolerance` of those expected. */
export function near(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  const worst = Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)));
  assert.ok(worst <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

/** I420 pictures of one level of gray each. */
export async function* gray(
  width: number,
  height: number,
  levels: readonly number[],
): AsyncGenerator<Uint8Array> {
  for (const level of levels) {
    const frame = new Uint8Array((width * height * 3) / 2).fill(128);
    yield frame.fill(level, 0, width * height);
  }
}
