import { MIN_OUTPUT_SIDE, type SizeLimits } from "../../protocol/size-limits.js";

/** A width and a height. Each function documents its unit. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Limits in direct mode, and for an info.json without `limits`. */
export const DEFAULT_LIMITS: SizeLimits = {
  minSide: MIN_OUTPUT_SIDE,
  maxSide: 8192,
  maxArea: Number.POSITIVE_INFINITY,
};

/** Returns the largest size with the frame's aspect ratio that fits in the box, like `object-fit: contain`. */
export function containSize(box: Size, frame: Size): Size {
  const scale = Math.min(box.width / frame.width, box.height / frame.height);
  return { width: frame.width * scale, height: frame.height * scale };
}

/** Returns whether the frame fills the box, apart from bars of less than two pixels, which rounding may leave. */
export function fillsBox(box: Size, frame: Size): boolean {
  const { width, height } = containSize(box, frame);
  return box.width - width < 2 && box.height - height < 2;
}

const toEven = (length: number, max: number): number => {
  const nearest = 2 * Math.round(length / 2);
  return nearest > max ? 2 * Math.floor(max / 2) : nearest;
};

/** The values of the CSS property `object-fit`. */
export const OBJECT_FITS = ["contain", "cover", "fill", "none", "scale-down"] as const;
export type ObjectFit = (typeof OBJECT_FITS)[number];

/** Returns the size at which the video is rendered, in the same pixels as the box. */
function renderedSize(box: Size, source: Size, fit: ObjectFit): Size {
  if (fit === "fill") return box;
  // Each source pixel then covers one CSS pixel.
  if (fit === "none") return source;
  const contained = containSize(box, source);
  if (fit === "scale-down") return contained.width > source.width ? source : contained;
  if (fit === "contain") return contained;
  const scale = Math.max(box.width / source.width, box.height / source.height);
  return { width: source.width * scale, height: source.height * scale };
}

export interface SizeRequest {
  /** Content box of the element in device pixels. */
  readonly box: Size;
  /** Size of the video, or of the region, in source pixels. */
  readonly source: Size;
  readonly limits: SizeLimits;
  /** Largest width and height in output pixels; `Infinity` is no cap. */
  readonly cap: Size;
  /** Default: `contain`. */
  readonly fit?: ObjectFit;
}

/**
 * Computes the size to request: the pixels that the video covers on the screen, even in both dimensions (4:2:0), within
 * the limits and the cap. A cap shrinks both sides, which keeps the aspect ratio.
 */
export function computeRequestedSize({ box, source, limits, cap, fit = "contain" }: SizeRequest): Size {
  const max = {
    width: Math.min(limits.maxSide, cap.width),
    height: Math.min(limits.maxSide, cap.height),
  };
  const rendered = renderedSize(box, source, fit);
  const shrink = Math.min(1, max.width / rendered.width, max.height / rendered.height);
  const fitted = { width: rendered.width * shrink, height: rendered.height * shrink };
  const excess = Math.sqrt(Math.max(1, (fitted.width * fitted.height) / limits.maxArea));
  const minSide = 2 * Math.ceil(limits.minSide / 2);
  const toSide = (length: number, maxSide: number) => Math.max(minSide, toEven(length / excess, maxSide));
  let { width, height } = {
    width: toSide(fitted.width, max.width),
    height: toSide(fitted.height, max.height),
  };
  // Rounding to even numbers may have exceeded the area limit again.
  while (width * height > limits.maxArea && (width > minSide || height > minSide)) {
    if (width >= height) width -= 2;
    else height -= 2;
  }
  return { width, height };
}

export const sameSize = (a: Size | null, b: Size | null): boolean =>
  a === b || (a !== null && b !== null && a.width === b.width && a.height === b.height);

/** Formats a size as in URLs: `w,h`, with a percent-encoded `^` in front if it exceeds the source. */
export function sizeParameter(size: Size, source: Size): string {
  // Rounding an odd side up to an even number does not count as upscaling.
  const max = (side: number) => 2 * Math.ceil(side / 2);
  const upscales = size.width > max(source.width) || size.height > max(source.height);
  return `${upscales ? "%5E" : ""}${size.width},${size.height}`;
}

/** Replaces the literal `{size}` in the URL of a segment. URLs without it are returned unchanged. */
export const fillSize = (url: string, parameter: string): string =>
  url.replace(/\{size\}|%7Bsize%7D/gi, () => parameter);

/** Replaces the region `full` before the literal `{size}` in the URL of a segment. */
export const fillRegion = (url: string, region: string): string =>
  url.replace(/\/full\/(?=\{size\}|%7Bsize%7D)/i, () => `/${region}/`);

/** Minimum relative change of a side for which buffered segments are replaced. */
const NOTABLE_SIZE_CHANGE = 0.04;

export function isNotableChange(from: Size, to: Size): boolean {
  const change = (a: number, b: number) => Math.abs(a - b) / Math.max(a, b);
  return Math.max(change(from.width, to.width), change(from.height, to.height)) >= NOTABLE_SIZE_CHANGE;
}

/**
 * Returns how long, in milliseconds, a new size must remain unchanged before it is requested. A notable change is
 * requested soon after the resize ends. A change of a few pixels, such as by a scroll bar that comes and goes, waits
 * longer.
 */
export function resizeDebounceMs(from: Size | null, to: Size): number {
  if (from === null) return 0;
  return isNotableChange(from, to) ? 160 : 1200;
}
