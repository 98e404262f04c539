import type { Film } from "../catalog/catalog.js";
import { pictureUrl } from "../request/addresses.js";
import { canonicalSize, largestSize, type SizeLimits, type SizeRequest } from "../request/size.js";
import { endOfFilm } from "../request/time.js";

/** Output pixels of the longer side. */
const POSTER_SIDE = 480;

/** URL of the picture that stands for a film, relative to `/:id/`. Films begin black: it is from a third in. */
export function posterOf(film: Film, limits: SizeLimits): string {
  const size = sizeWithin(film, limits, POSTER_SIDE);
  const milliseconds = Math.floor(endOfFilm(film) / 3);
  return `${pictureUrl("full", size, milliseconds, "jpg")}?v=${film.version}`;
}

/** The film's shape with at most `longest` pixels a side, never more than it has itself. */
export function sizeWithin({ asset }: Film, limits: SizeLimits, longest: number): SizeRequest {
  const largest = largestSize(asset, limits, false, 1);
  const scale = Math.min(1, longest / Math.max(largest.width, largest.height));
  const side = (pixels: number) => Math.max(limits.minSide, Math.round(pixels * scale));
  return canonicalSize({ width: side(largest.width), height: side(largest.height) }, asset, 1);
}
