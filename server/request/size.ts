import type { Rational } from "../../codec/asset/rational.js";
import { h264Level } from "../../media/segments/h264-level.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { RequestError } from "../errors.js";

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Both output sides are multiples of this: 2 for 4:2:0 video, 1 for images, whose sides may be odd. */
export type Alignment = 1 | 2;

/** How a size is chosen. */
export interface SizeRules {
  /** Whether the size may exceed the region. */
  readonly upscale: boolean;
  readonly alignment: Alignment;
}

const FORMS = {
  width: /^(\d{1,7}),$/,
  height: /^,(\d{1,7})$/,
  both: /^(\d{1,7}),(\d{1,7})$/,
  within: /^!(\d{1,7}),(\d{1,7})$/,
  percent: /^pct:(\d{1,5}(?:\.\d{1,9})?)$/,
};

/**
 * Parses the size of a URL: `max`, `w,`, `,h`, `w,h`, `!w,h` or `pct:n`, each with a `^` prefix to allow upscaling
 * (IIIF Image API 3.0, 4.2). Rounds odd sides up, because 4:2:0 video needs even ones.
 *
 * @param region in source pixels
 * @returns output pixels
 * @throws RequestError `bad-size`, `size-too-small`, `size-too-large` or `upscale-needs-caret`
 */
export function parseVideoSize(text: string, region: Size, limits: SizeLimits, frameRate: Rational): Size {
  const size = parseAlignedSize(text, region, limits, 2);
  if (h264Level({ ...size, frameRate }) !== undefined) return size;
  throw new RequestError(
    "size-too-large",
    `size ${size.width}x${size.height} is too large for H.264 at this frame rate; request a smaller size`,
  );
}

/** Parses the size of an image, whose sides may be odd. Otherwise like `parseVideoSize`, with the same errors. */
export function parseImageSize(text: string, region: Size, limits: SizeLimits): Size {
  return parseAlignedSize(text, region, limits, 1);
}

/** Formats a size in its canonical spelling: `w,h`, or `^w,h` if it upscales the region. */
export function formatSize({ width, height }: Size, region: Size, alignment: Alignment = 2): string {
  return `${isUpscaled({ width, height }, region, alignment) ? "^" : ""}${width},${height}`;
}

/** Returns the largest size within the limits that has the region's aspect ratio. */
export function largestSize(
  region: Size,
  limits: SizeLimits,
  { upscale = false, alignment = 2 }: Partial<SizeRules> = {},
): Size {
  const scale = maxScale(region, limits);
  if (scale >= 1 && !upscale) return alignSize(region, alignment);
  const minSide = alignUp(limits.minSide, alignment);
  // The epsilon keeps rounding errors from taking a pixel off a side that is an exact multiple.
  const alignDown = (side: number) => alignment * Math.floor((side * scale + 1e-9) / alignment);
  return {
    width: Math.max(minSide, alignDown(region.width)),
    height: Math.max(minSide, alignDown(region.height)),
  };
}

/** Returns the largest scale of a region whose exact size is within the limits. */
const maxScale = ({ width, height }: Size, { maxSide, maxArea }: SizeLimits): number =>
  Math.min(maxSide / width, maxSide / height, Math.sqrt(maxArea / (width * height)));

function parseAlignedSize(text: string, region: Size, limits: SizeLimits, alignment: Alignment): Size {
  const upscale = text.startsWith("^");
  const exact = parseForm(upscale ? text.slice(1) : text, region, limits, { upscale, alignment });
  if (exact === undefined) throw badSize(text);
  // Checked before alignment, which may round a side up to the minimum.
  const [width, height] = [Math.round(exact.width), Math.round(exact.height)];
  if (width < limits.minSide || height < limits.minSide) {
    throw new RequestError(
      "size-too-small",
      `size ${width}x${height} is too small: each side must be >= ${limits.minSide} pixels`,
    );
  }
  const size = alignSize(exact, alignment);
  assertWithinLimits(size, limits);
  if (!upscale && isUpscaled(size, region, alignment)) {
    throw new RequestError(
      "upscale-needs-caret",
      `size ${size.width}x${size.height} is larger than the ${region.width}x${region.height} source region; ` +
        "prefix the size with ^ (%5E) to upscale",
    );
  }
  return size;
}

/** Returns the requested size in fractional pixels, or undefined if the text matches none of the forms. */
function parseForm(text: string, region: Size, limits: SizeLimits, rules: SizeRules): Size | undefined {
  if (text === "max") return largestSize(region, limits, rules);
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
  const fit = Math.min(within[0] / width, within[1] / height, rules.upscale ? Number.POSITIVE_INFINITY : 1);
  // IIIF: "as large as possible but not larger than [...] server-imposed limits".
  return fit > maxScale(region, limits) ? largestSize(region, limits, rules) : scaled(fit);
}

/** Rounds to integer pixels, then up to the alignment. */
const alignUp = (side: number, alignment: Alignment): number =>
  alignment * Math.ceil(Math.round(side) / alignment);

const alignSize = ({ width, height }: Size, alignment: Alignment): Size => ({
  width: alignUp(width, alignment),
  height: alignUp(height, alignment),
});

function isUpscaled(size: Size, region: Size, alignment: Alignment): boolean {
  const source = alignSize(region, alignment);
  return size.width > source.width || size.height > source.height;
}

function assertWithinLimits({ width, height }: Size, { maxSide, maxArea }: SizeLimits): void {
  const tooLarge = (rule: string) =>
    new RequestError("size-too-large", `size ${width}x${height} is too large: ${rule}`);
  if (width > maxSide || height > maxSide) throw tooLarge(`each side must be <= ${maxSide} pixels`);
  if (width * height > maxArea) throw tooLarge(`width times height must be <= ${maxArea} pixels`);
}

function badSize(text: string): RequestError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  return new RequestError(
    "bad-size",
    `size "${shown}" is malformed; use max, w, ,h w,h !w,h or pct:n, with a ^ prefix to upscale`,
  );
}
