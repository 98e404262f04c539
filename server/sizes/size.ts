import { h264Level, type Rate } from "../../media/h264-level.js";
import { RequestError } from "../errors.js";
import type { SourceSize } from "./region.js";

/** Bounds of what is computed, in output pixels. */
export interface SizeLimits {
  readonly minSide: number;
  readonly maxSide: number;
  readonly maxArea: number;
}

/** Below this a picture has less than one macroblock. */
export const MIN_SIDE = 16;

/** Output pixels of a video, both even, with their canonical spelling. */
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
export function parseSize(text: string, region: SourceSize, limits: SizeLimits, rate: Rate): SizeRequest {
  const enlarge = text.startsWith("^");
  const wanted = wantedSize(enlarge ? text.slice(1) : text, region, limits, enlarge);
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
  const size = { width: even(wanted.width), height: even(wanted.height) };
  check(size, region, limits, rate, enlarge);
  return canonicalSize(size, region);
}

/** The canonical spelling of a size that is known to be allowed. */
export function canonicalSize(size: SourceSize, region: SourceSize): SizeRequest {
  const caret = enlarges(size, region) ? "^" : "";
  return { width: size.width, height: size.height, canonical: `${caret}${size.width},${size.height}` };
}

/** The largest even size of the region's shape within the limits: not more than the region unless `enlarge`. */
export function largestSize(region: SourceSize, limits: SizeLimits, enlarge: boolean): SourceSize {
  const scale = Math.min(
    limits.maxSide / region.width,
    limits.maxSide / region.height,
    Math.sqrt(limits.maxArea / (region.width * region.height)),
  );
  if (scale >= 1 && !enlarge) return { width: even(region.width), height: even(region.height) };
  const down = (side: number) => Math.max(even(limits.minSide), 2 * Math.floor((side * scale + 1e-9) / 2));
  return { width: down(region.width), height: down(region.height) };
}

function wantedSize(
  text: string,
  region: SourceSize,
  limits: SizeLimits,
  enlarge: boolean,
): SourceSize | undefined {
  if (text === "max") return largestSize(region, limits, enlarge);
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

/** Rounds to whole pixels, then up to even. */
const even = (side: number): number => 2 * Math.ceil(Math.round(side) / 2);

function enlarges(size: SourceSize, region: SourceSize): boolean {
  return size.width > even(region.width) || size.height > even(region.height);
}

function check(size: SourceSize, region: SourceSize, limits: SizeLimits, rate: Rate, enlarge: boolean): void {
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
  if (h264Level({ width, height, frameRate: rate }) === undefined) {
    throw new RequestError("size-too-large", `${name} is too large for H.264 at this frame rate`);
  }
  if (!enlarge && enlarges(size, region)) {
    throw new RequestError(
      "upscale-needs-caret",
      `${name} is more than the ${region.width}x${region.height} of the source; put ^ (%5E) in front of the size to enlarge`,
    );
  }
}
