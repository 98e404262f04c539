import type { Film } from "../catalogue.js";
import { canonicalSize, largestSize, type SizeLimits } from "../sizes/size.js";
import { endOfFilm } from "./picture-service.js";
import { pictureUrl } from "./picture-url.js";

/** Output pixels of the longer side. */
const POSTER_SIDE = 480;

/** URL of the picture that stands for a film, relative to `/:id/`. Films begin black: it is from a third in. */
export function posterOf(film: Film, limits: SizeLimits): string {
  const largest = largestSize(film.asset, limits, false, 1);
  const scale = Math.min(1, POSTER_SIDE / Math.max(largest.width, largest.height));
  const side = (pixels: number) => Math.max(limits.minSide, Math.round(pixels * scale));
  const size = canonicalSize({ width: side(largest.width), height: side(largest.height) }, film.asset, 1);
  const milliseconds = Math.floor(endOfFilm(film) / 3);
  return `${pictureUrl("full", size, milliseconds, "jpg")}?v=${film.version}`;
}
