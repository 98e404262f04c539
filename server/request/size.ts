import type { Rational } from "../../codec/asset/rational.js";
import { h264Level } from "../../media/segments/h264-level.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { RequestError } from "../errors.js";
import type { SourceSize } from "./region.js";

/** Whole output pixels that both sides are a multiple of: 4:2:0 video needs 2, a picture may be odd. */
export type Grid = 1 | 2;

/** Output pixels, of a video both even, with their canonical spelling. */
export interface SizeRequest {
  readonly width: number;
  readonly height: number;
  /** `w,h` or `^w,h` with the caret only where the source has fewer pixels. */
  readonly canonical: string;
}

const FORMS = {
  width: /^(\d{1,7}),$/,
  height: /^,(\d{1,7})$/,
  both: /^(\d{1,7}),(\d{1,7})$/,
  within: /^!(\d{1,7}),(\d{1,7})$/,
  percent: /^pct:(\d{1,5}(?:\.\d{1,9})?)$/,
};

/**
 * Reads the size of a URL for a region of the source: `max`, `w,`, `,h`, `w,h`, `!w,h` or `pct:n`, each with
 * `^` in front where it may be more than the source has (IIIF Image API 3.0, 4.2). 4:2:0 needs even sides:
 * they are rounded up.
 *
 * Throws RequestError `bad-size`, `size-too-small`, `size-too-large` or `upscale-needs-caret`.
 *
 * @param region source pixels
 */
export function parseSize(text: string, region: SourceSize, limits: SizeLimits, rate: Rational): SizeRequest {
  const size = readSize(text, region, limits, 2);
  if (h264Level({ width: size.width, height: size.height, frameRate: rate }) === undefined) {
    throw new RequestError(
      "size-too-large",
      `${size.width}x${size.height} is too large for H.264 at this frame rate`,
    );
  }
  return size;
}

/** As parseSize, for a single picture: sides may be odd. Throws the same. */
export function parseImageSize(text: string, region: SourceSize, limits: SizeLimits): SizeRequest {
  return readSize(text, region, limits, 1);
}

function readSize(text: string, region: SourceSize, limits: SizeLimits, grid: Grid): SizeRequest {
  const enlarge = text.startsWith("^");
  const wanted = wantedSize(enlarge ? text.slice(1) : text, region, limits, enlarge, grid);
  if (wanted === undefined) {
    throw new RequestError(
      "bad-size",
      `size "${text.length > 40 ? `${text.slice(0, 40)}...` : text}" is none of max, w, ,h w,h !w,h or pct:n, with ^ in front to enlarge`,
    );
  }
  // Asked for below the bound and rounded up to it is still below it.
  if (Math.round(wanted.width) < limits.minSide || Math.round(wanted.height) < limits.minSide) {
    const asked = `${Math.round(wanted.width)}x${Math.round(wanted.height)}`;
    throw new RequestError(
      "size-too-small",
      `${asked} is too small: each side needs at least ${limits.minSide} pixels`,
    );
  }
  const size = { width: integer(wanted.width, grid), height: integer(wanted.height, grid) };
  check(size, region, limits, enlarge, grid);
  return canonicalSize(size, region, grid);
}

/** A size as it stands in a URL. */
export const sizeInUrl = (size: SizeRequest): string => size.canonical.replace("^", "%5E");

/** The canonical spelling of a size that is known to be allowed. */
export function canonicalSize(size: SourceSize, region: SourceSize, grid: Grid = 2): SizeRequest {
  const caret = enlarges(size, region, grid) ? "^" : "";
  return { width: size.width, height: size.height, canonical: `${caret}${size.width},${size.height}` };
}

/** The largest size of the region's shape within the limits: not more than the region unless `enlarge`. */
export function largestSize(
  region: SourceSize,
  limits: SizeLimits,
  enlarge: boolean,
  grid: Grid = 2,
): SourceSize {
  const scale = Math.min(
    limits.maxSide / region.width,
    limits.maxSide / region.height,
    Math.sqrt(limits.maxArea / (region.width * region.height)),
  );
  if (scale >= 1 && !enlarge)
    return { width: integer(region.width, grid), height: integer(region.height, grid) };
  const down = (side: number) =>
    Math.max(integer(limits.minSide, grid), grid * Math.floor((side * scale + 1e-9) / grid));
  return { width: down(region.width), height: down(region.height) };
}

function wantedSize(
  text: string,
  region: SourceSize,
  limits: SizeLimits,
  enlarge: boolean,
  grid: Grid,
): SourceSize | undefined {
  if (text === "max") return largestSize(region, limits, enlarge, grid);
  const { width, height } = region;
  const scaled = (scale: number) => ({ width: width * scale, height: height * scale });
  const numbers = (form: RegExp) => form.exec(text)?.slice(1).map(Number);

  const [w] = numbers(FORMS.width) ?? [];
  if (w !== undefined) return { width: w, height: (height * w) / width };
  const [h] = numbers(FORMS.height) ?? [];
  if (h !== undefined) return { width: (width * h) / height, height: h };
  const [percent] = numbers(FORMS.percent) ?? [];
  if (percent !== undefined) return scaled(percent / 100);
  const both = numbers(FORMS.both);
  if (both !== undefined) return { width: both[0], height: both[1] };
  const within = numbers(FORMS.within);
  if (within === undefined) return undefined;
  const fit = Math.min(within[0] / width, within[1] / height);
  return scaled(enlarge ? fit : Math.min(1, fit));
}

/** Rounds to whole pixels, then up to the grid. */
const integer = (side: number, grid: Grid): number => grid * Math.ceil(Math.round(side) / grid);

function enlarges(size: SourceSize, region: SourceSize, grid: Grid): boolean {
  return size.width > integer(region.width, grid) || size.height > integer(region.height, grid);
}

function check(size: SourceSize, region: SourceSize, limits: SizeLimits, enlarge: boolean, grid: Grid): void {
  const { width, height } = size;
  const name = `${width}x${height}`;
  if (width > limits.maxSide || height > limits.maxSide) {
    throw new RequestError(
      "size-too-large",
      `${name} is too large: a side has at most ${limits.maxSide} pixels here`,
    );
  }
  if (width * height > limits.maxArea) {
    throw new RequestError(
      "size-too-large",
      `${name} is too large: a picture has at most ${limits.maxArea} pixels here`,
    );
  }
  if (!enlarge && enlarges(size, region, grid)) {
    throw new RequestError(
      "upscale-needs-caret",
      `${name} is more than the ${region.width}x${region.height} of the source; put ^ (%5E) in front of the size to enlarge`,
    );
  }
}
