import { RequestError } from "../errors.js";

/** Pixels of the source. */
export interface SourceSize {
  readonly width: number;
  readonly height: number;
}

/** A part of the picture in whole source pixels, inside it, with its canonical spelling. */
export interface RegionRequest {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** `full` or `x,y,w,h`: equal regions have equal spellings. */
  readonly canonical: string;
}

const NUMBER = /^\d{1,9}(?:\.\d{1,9})?$/;

/**
 * Reads the region of a URL: `full`, `square`, `x,y,w,h` or `pct:x,y,w,h` (IIIF Image API 3.0, 4.1). What
 * lies over the edge is cut off; percentages go to the nearest pixel.
 *
 * Throws RequestError `bad-region`.
 */
export function parseRegion(text: string, source: SourceSize): RegionRequest {
  if (text === "full") return region(0, 0, source.width, source.height, source);
  if (text === "square") {
    const side = Math.min(source.width, source.height);
    return region(
      Math.floor((source.width - side) / 2),
      Math.floor((source.height - side) / 2),
      side,
      side,
      source,
    );
  }
  const percent = text.startsWith("pct:");
  const parts = (percent ? text.slice(4) : text).split(",");
  if (parts.length !== 4 || !parts.every((part) => NUMBER.test(part))) throw bad(text, "is none of these");
  const [x, y, width, height] = parts.map(Number);
  if (width === 0 || height === 0) throw bad(text, "is empty");
  if (!percent) {
    if (![x, y, width, height].every(Number.isInteger)) throw bad(text, "has fractions of a pixel");
    return crop(text, x, y, x + width, y + height, source);
  }
  const across = (share: number) => Math.round((Math.min(share, 100) / 100) * source.width);
  const down = (share: number) => Math.round((Math.min(share, 100) / 100) * source.height);
  const left = Math.min(across(x), source.width - (x < 100 ? 1 : 0));
  const top = Math.min(down(y), source.height - (y < 100 ? 1 : 0));
  return crop(
    text,
    left,
    top,
    Math.max(left + 1, across(x + width)),
    Math.max(top + 1, down(y + height)),
    source,
  );
}

function crop(text: string, left: number, top: number, right: number, bottom: number, source: SourceSize) {
  if (left >= source.width || top >= source.height) {
    throw bad(text, `begins outside of the picture of ${source.width}x${source.height}`);
  }
  const width = Math.min(right, source.width) - left;
  const height = Math.min(bottom, source.height) - top;
  return region(left, top, width, height, source);
}

function region(x: number, y: number, width: number, height: number, source: SourceSize): RegionRequest {
  const integer = width === source.width && height === source.height;
  return { x, y, width, height, canonical: integer ? "full" : `${x},${y},${width},${height}` };
}

function bad(text: string, why: string): RequestError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return new RequestError("bad-region", `region "${shown}" ${why}; use full, square, x,y,w,h or pct:x,y,w,h`);
}
