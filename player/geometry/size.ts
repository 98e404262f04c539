import { MIN_SIDE, type SizeLimits } from "../../protocol/size-limits.js";

/** A width and a height; each function says which pixels it means. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Limits of a video that no server computes: of direct mode, and of an info.json without `limits`. */
export const DEFAULT_LIMITS: SizeLimits = {
  minSide: MIN_SIDE,
  maxSide: 8192,
  maxArea: Number.POSITIVE_INFINITY,
};

/** The largest size of the picture's shape that fits into the box: `object-fit: contain` without the bars. */
export function containSize(box: Size, frame: Size): Size {
  const scale = Math.min(box.width / frame.width, box.height / frame.height);
  return { width: frame.width * scale, height: frame.height * scale };
}

/** The picture leaves no bars that a person would call bars: at most a pixel, from rounding. */
export function fillsBox(box: Size, frame: Size): boolean {
  const { width, height } = containSize(box, frame);
  return box.width - width < 2 && box.height - height < 2;
}

const toEven = (length: number, max: number): number => {
  const nearest = 2 * Math.round(length / 2);
  return nearest > max ? 2 * Math.floor(max / 2) : nearest;
};

/** How the picture lies in its box (CSS). */
export const OBJECT_FITS = ["contain", "cover", "fill", "none", "scale-down"] as const;
export type ObjectFit = (typeof OBJECT_FITS)[number];

/** The picture as it is drawn, in the same pixels as the box. */
function renderedSize(box: Size, frame: Size, fit: ObjectFit): Size {
  if (fit === "fill") return box;
  // As many as the video has: CSS then shows each as one of its own pixels.
  if (fit === "none") return frame;
  const contained = containSize(box, frame);
  if (fit === "scale-down") return contained.width > frame.width ? frame : contained;
  if (fit === "contain") return contained;
  const scale = Math.max(box.width / frame.width, box.height / frame.height);
  return { width: frame.width * scale, height: frame.height * scale };
}

/**
 * The size to ask for: the picture's own pixels on this screen, even (4:2:0), within the limits and caps.
 * A cap shrinks both sides, so that the shape stays.
 *
 * @param box content box of the element in device pixels
 * @param source size of the video in pixels
 * @param cap most output pixels a side; `Infinity` where there is none
 */
export function computeRequestedSize(
  box: Size,
  source: Size,
  limits: SizeLimits,
  cap: Size,
  fit: ObjectFit = "contain",
): Size {
  const max = {
    width: Math.min(limits.maxSide, cap.width),
    height: Math.min(limits.maxSide, cap.height),
  };
  const drawn = renderedSize(box, source, fit);
  const shrink = Math.min(1, max.width / drawn.width, max.height / drawn.height);
  const fitted = { width: drawn.width * shrink, height: drawn.height * shrink };
  const excess = Math.sqrt(Math.max(1, (fitted.width * fitted.height) / limits.maxArea));
  const atLeast = 2 * Math.ceil(limits.minSide / 2);
  const side = (length: number, largest: number) => Math.max(atLeast, toEven(length / excess, largest));
  let { width, height } = { width: side(fitted.width, max.width), height: side(fitted.height, max.height) };
  // Rounding to even may have pushed the area just over its limit again.
  while (width * height > limits.maxArea && (width > atLeast || height > atLeast)) {
    if (width >= height) width -= 2;
    else height -= 2;
  }
  return { width, height };
}

export const sameSize = (a: Size | null, b: Size | null): boolean =>
  a === b || (a !== null && b !== null && a.width === b.width && a.height === b.height);

/** The size as it stands in a URL: `w,h`, with a percent-encoded `^` where it is more than the source has. */
export function sizeParameter(size: Size, source: Size): string {
  // Rounding an odd side up to even does not enlarge.
  const max = (side: number) => 2 * Math.ceil(side / 2);
  const enlarges = size.width > max(source.width) || size.height > max(source.height);
  return `${enlarges ? "%5E" : ""}${size.width},${size.height}`;
}

/** Writes the size into the literal `{size}` of a segment's URL; URLs without one come back unchanged. */
export const fillSize = (url: string, parameter: string): string =>
  url.replace(/\{size\}|%7Bsize%7D/gi, () => parameter);

/** Writes the region before the literal `{size}`, where the elastic playlist of the whole picture says `full`. */
export const fillRegion = (url: string, region: string): string =>
  url.replace(/\/full\/(?=\{size\}|%7Bsize%7D)/i, () => `/${region}/`);

/** Share by which a side has to change before what is buffered is worth computing again. */
const NOTABLE_SIZE_CHANGE = 0.04;

export function isNotableChange(from: Size, to: Size): boolean {
  const change = (a: number, b: number) => Math.abs(a - b) / Math.max(a, b);
  return Math.max(change(from.width, to.width), change(from.height, to.height)) >= NOTABLE_SIZE_CHANGE;
}

/**
 * Milliseconds that a new size must hold before it is asked for. A change that shows is followed as soon as
 * the hand rests; a few pixels (a scroll bar that comes and goes) only when they stay.
 */
export function resizeDebounceMs(from: Size | null, to: Size): number {
  if (from === null) return 0;
  return isNotableChange(from, to) ? 160 : 1200;
}
