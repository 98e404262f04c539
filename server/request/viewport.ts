import type { Rational } from "../../codec/asset/rational.js";
import type { Region, Viewport } from "../../codec/decode/viewport.js";
import { h264Level } from "../../media/segments/h264-level.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { VideoDescription } from "../video/video.js";
import { formatRegion, parseRegion } from "./region.js";
import {
  type Alignment,
  formatSize,
  largestSize,
  parseImageSize,
  parseVideoSize,
  type Size,
} from "./size.js";

/** The `:region` and `:size` of a URL. */
export interface ViewportParams {
  readonly region: string;
  readonly size: string;
}

/**
 * Parses the viewport of video URLs. Its sides are even.
 *
 * @throws RequestError `bad-region`, `bad-size`, `size-too-small`, `size-too-large` or `upscale-needs-caret`
 */
export function parseVideoViewport(
  params: ViewportParams,
  video: Pick<VideoDescription, "width" | "height" | "frameRate">,
  limits: SizeLimits,
): Viewport {
  const region = parseRegion(params.region, video);
  return { region, ...parseVideoSize(params.size, region, limits, video.frameRate) };
}

/** Parses the viewport of image URLs, whose sides may be odd. Throws as `parseVideoViewport` does. */
export function parseImageViewport(params: ViewportParams, frame: Size, limits: SizeLimits): Viewport {
  const region = parseRegion(params.region, frame);
  return { region, ...parseImageSize(params.size, region, limits) };
}

/** Output pixels below which no size is too large for H.264 at any frame rate that an asset may have. */
const MIN_ELASTIC_AREA = 256;

/**
 * Returns the viewport of the elastic rendition's playlist and init segment: the largest size of the region that H.264
 * allows. Beyond 240 frames per second, that may be less than the limits do.
 */
export function elasticViewport(region: Region, limits: SizeLimits, frameRate: Rational): Viewport {
  for (let { maxArea } = limits; ; maxArea = Math.floor(maxArea / 2)) {
    const size = largestSize(region, { ...limits, maxArea }, { upscale: true });
    if (h264Level({ ...size, frameRate }) !== undefined || maxArea < MIN_ELASTIC_AREA)
      return { region, ...size };
  }
}

/** Formats a viewport as the canonical path of its folder below `/:id/`, such as `full/%5E1280,720`. */
export const viewportPath = (viewport: Viewport, frame: Size, alignment?: Alignment): string =>
  `${formatRegion(viewport.region, frame)}/${formatSize(viewport, viewport.region, alignment).replace("^", "%5E")}`;

/** Names the pixels of a viewport in cache keys, such as `full 1280x720`. */
export const viewportKey = ({ region, width, height }: Viewport, frame: Size): string =>
  `${formatRegion(region, frame)} ${width}x${height}`;

// Ratio of neighboring widths: the step is barely visible, and the ladder has at most about 20 levels.
const LADDER_STEP = 2 ** (-1 / 3);
/** Output pixels of the narrowest level. */
const MIN_LADDER_WIDTH = 96;

/**
 * Returns the sizes that a master playlist offers besides the requested one, largest first. The first one is the size of
 * the region. The other widths are multiples of 16, so that viewers share cached segments. No size is stored.
 */
export function resolutionLadder(region: Region, limits: SizeLimits): Viewport[] {
  const largest = largestSize(region, limits);
  const levels: Viewport[] = [{ region, ...largest }];
  const aspect = region.height / region.width;
  for (let exactWidth = largest.width * LADDER_STEP; ; exactWidth *= LADDER_STEP) {
    const width = 16 * Math.round(exactWidth / 16);
    const height = 2 * Math.round((width * aspect) / 2);
    if (width < Math.max(limits.minSide, MIN_LADDER_WIDTH) || height < limits.minSide) return levels;
    if (width < levels.at(-1)!.width) levels.push({ region, width, height });
  }
}
