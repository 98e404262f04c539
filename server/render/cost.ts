import type { Viewport } from "../../codec/decode/viewport.js";
import type { SampleEntry } from "../../media/segments/h264-level.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { ImageFormat } from "../request/image-file.js";
import type { VideoRendition } from "./rendition.js";

/*
 * What a job costs in the queue and in the quotas, in decoded samples: a frame of H.264 at the size of its source costs
 * about its pixels. The weights are the processor time of encoding a pixel, in that of decoding a sample; measured at
 * 1280 x 720.
 */
const VIDEO_WEIGHTS: Readonly<Record<SampleEntry, number>> = {
  avc1: 0.1,
  avc3: 0.1,
  hvc1: 2.5,
  av01: 0.5,
};
const IMAGE_WEIGHTS: Readonly<Record<ImageFormat, number>> = { jpg: 1, png: 0.5, webp: 0.5, avif: 7 };

/** Returns the cost of consecutive frames of a rendition, all in one group. */
export function videoCost({ entry, viewport, sampleEntry }: VideoRendition, frames: number): number {
  const encoding = VIDEO_WEIGHTS[sampleEntry] * viewport.width * viewport.height * frames;
  return Math.ceil(entry.video.cost(viewport, { frames, groups: 1 }) + encoding);
}

/** Frames of a video that are encoded as one image, such as the thumbnails of a sheet. */
export interface ImageWork {
  readonly entry: CatalogEntry;
  /** Viewport of each frame. */
  readonly viewport: Viewport;
  readonly format: ImageFormat;
  /** Default 1. */
  readonly frames?: number;
}

/** Returns the cost of an image. Each of its frames is in a group of its own. */
export function imageCost({ entry, viewport, format, frames = 1 }: ImageWork): number {
  const encoding = IMAGE_WEIGHTS[format] * viewport.width * viewport.height * frames;
  return Math.ceil(entry.video.cost(viewport, { frames, groups: frames }) + encoding);
}

/** Samples per pixel of the largest segment: HEVC below the size of its source takes 3.5 at most. */
const MAX_SAMPLES_PER_PIXEL = 4;
/** Maximum cost with any `maxWork`: twice that of 25 thumbnails of a 1080p video of the paper profile. */
const MIN_MAX_COST = 2 ** 33;

/** Returns the maximum cost of a job. A hostile asset of a few kilobytes could otherwise take hours per image. */
export const maxCostOf = (maxWork: number): number => Math.max(MIN_MAX_COST, MAX_SAMPLES_PER_PIXEL * maxWork);
