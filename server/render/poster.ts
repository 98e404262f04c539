import { fullRegion, type Viewport } from "../../codec/decode/viewport.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { imageUrl } from "../request/image-file.js";
import { largestSize } from "../request/size.js";
import { durationMs } from "../request/time.js";

/** Output pixels of a poster's longer side. */
const POSTER_SIDE = 480;

/** Returns the viewport of a video's poster. */
export const posterViewport = (entry: CatalogEntry, limits: SizeLimits): Viewport =>
  thumbnailViewport(entry, limits, POSTER_SIDE);

/**
 * Returns the URL of a video's poster, relative to `/:id/`. It is the frame at a third of the duration, because many
 * videos start with black frames.
 */
export function posterUrl(entry: CatalogEntry, limits: SizeLimits): string {
  const { asset, version } = entry;
  const timeMs = Math.floor(durationMs(asset) / 3);
  return `${imageUrl(posterViewport(entry, limits), asset, { timeMs, format: "jpg" })}?v=${version}`;
}

/** Returns a viewport that shows the full frame, scaled down to `maxSide` output pixels per side. */
export function thumbnailViewport({ asset }: CatalogEntry, limits: SizeLimits, maxSide: number): Viewport {
  const largest = largestSize(asset, limits, { alignment: 1 });
  const scale = Math.min(1, maxSide / Math.max(largest.width, largest.height));
  const scaleSide = (side: number) => Math.max(limits.minSide, Math.round(side * scale));
  return { region: fullRegion(asset), width: scaleSide(largest.width), height: scaleSide(largest.height) };
}
