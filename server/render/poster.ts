import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { imageUrl } from "../request/addresses.js";
import { canonicalSize, largestSize, type SizeRequest } from "../request/size.js";
import { videoDuration } from "../request/time.js";

/** Output pixels of the longer side. */
const POSTER_SIDE = 480;

/** URL of the picture that stands for a video, relative to `/:id/`. Videos begin black: it is from a third in. */
export function posterOf(entry: CatalogEntry, limits: SizeLimits): string {
  const size = sizeWithin(entry, limits, POSTER_SIDE);
  const milliseconds = Math.floor(videoDuration(entry) / 3);
  return `${imageUrl("full", size, milliseconds, "jpg")}?v=${entry.version}`;
}

/** The video's shape with at most `longest` pixels a side, never more than it has itself. */
export function sizeWithin({ asset }: CatalogEntry, limits: SizeLimits, longest: number): SizeRequest {
  const largest = largestSize(asset, limits, false, 1);
  const scale = Math.min(1, longest / Math.max(largest.width, largest.height));
  const side = (pixels: number) => Math.max(limits.minSide, Math.round(pixels * scale));
  return canonicalSize({ width: side(largest.width), height: side(largest.height) }, asset, 1);
}
