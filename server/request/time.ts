import type { CatalogEntry } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";

/** Whole milliseconds of a video: the first that has no picture any more. */
export function videoDuration({ asset: { frameCount, frameRate } }: CatalogEntry): number {
  // Rounded up, and a hair below what sums of fractions leave above a whole number.
  return Math.ceil((frameCount * 1000 * frameRate.den) / frameRate.num - 1e-6);
}

/** Throws RequestError `no-such-frame` for a moment past the end. */
export function expectTime(entry: CatalogEntry, milliseconds: number): void {
  const end = videoDuration(entry);
  if (milliseconds < end) return;
  throw new RequestError(
    "no-such-frame",
    `"${entry.id}" has pictures from 0 to ${end - 1} milliseconds, not at ${milliseconds}`,
  );
}
