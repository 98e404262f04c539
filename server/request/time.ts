import type { Film } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";

/** Whole milliseconds of a film: the first that has no picture any more. */
export function endOfFilm({ asset: { frameCount, frameRate } }: Film): number {
  // Rounded up, and a hair below what sums of fractions leave above a whole number.
  return Math.ceil((frameCount * 1000 * frameRate.den) / frameRate.num - 1e-6);
}

/** Throws RequestError `no-such-frame` for a moment past the end. */
export function expectMoment(film: Film, milliseconds: number): void {
  const end = endOfFilm(film);
  if (milliseconds < end) return;
  throw new RequestError(
    "no-such-frame",
    `"${film.id}" has pictures from 0 to ${end - 1} milliseconds, not at ${milliseconds}`,
  );
}
