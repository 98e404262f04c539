import { fullRegion, type Viewport } from "../../codec/decode/viewport.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { type ImageFile, imageUrl } from "../request/image-file.js";
import { largestSize } from "../request/size.js";
import { durationMs } from "../request/time.js";

/** Output pixels of a poster's longer side. */
const POSTER_SIDE = 480;

/** Returns the viewport of a video's poster. */
export const posterViewport = (entry: CatalogEntry, limits: SizeLimits): Viewport =>
  thumbnailViewport(entry, limits, POSTER_SIDE);

/** Returns the image of a video's poster: the frame at a third of the duration, because many videos start with black frames. */
export const posterImage = (
  entry: CatalogEntry,
  limits: SizeLimits,
): ImageFile & { readonly viewport: Viewport } => ({
  viewport: posterViewport(entry, limits),
  timeMs: Math.floor(durationMs(entry.video) / 3),
  format: "jpg",
});

/** Returns the URL of a video's poster, relative to `/:id/`: its cover art, or else a frame. */
export const posterUrl = (entry: CatalogEntry, limits: SizeLimits): string =>
  entry.video.readCover === undefined ? posterFrameUrl(entry, limits) : `poster.jpg?v=${entry.version}`;

/** Returns the URL of the frame that stands for a video, relative to `/:id/`. */
export function posterFrameUrl(entry: CatalogEntry, limits: SizeLimits): string {
  const { viewport, ...file } = posterImage(entry, limits);
  return `${imageUrl(viewport, entry.video, file)}?v=${entry.version}`;
}

/** Returns a viewport that shows the full frame, scaled down to `maxSide` output pixels per side. */
export function thumbnailViewport({ video }: CatalogEntry, limits: SizeLimits, maxSide: number): Viewport {
  const largest = largestSize(video, limits, { alignment: 1 });
  const scale = Math.min(1, maxSide / Math.max(largest.width, largest.height));
  const scaleSide = (side: number) => Math.max(limits.minSide, Math.round(side * scale));
  return { region: fullRegion(video), width: scaleSide(largest.width), height: scaleSide(largest.height) };
}
