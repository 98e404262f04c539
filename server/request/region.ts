import type { Region } from "../../codec/decode/viewport.js";
import { RequestError } from "../errors.js";
import type { Size } from "./size.js";

const NUMBER = /^\d{1,9}(?:\.\d{1,9})?$/;

/**
 * Parses the region of a URL: `full`, `square`, `x,y,w,h` or `pct:x,y,w,h` (IIIF Image API 3.0, 4.1). Crops it to the
 * frame, and rounds percentages to the nearest pixel.
 *
 * @param frame size of the video in source pixels
 * @returns integers in source pixels, inside the frame
 * @throws RequestError `bad-region`
 */
export function parseRegion(text: string, frame: Size): Region {
  if (text === "full") return { x: 0, y: 0, width: frame.width, height: frame.height };
  if (text === "square") return centeredSquare(frame);
  const isPercent = text.startsWith("pct:");
  const fields = (isPercent ? text.slice(4) : text).split(",");
  if (fields.length !== 4 || !fields.every((field) => NUMBER.test(field)))
    throw badRegion(text, "is malformed");
  const [x, y, width, height] = fields.map(Number);
  if (width === 0 || height === 0) throw badRegion(text, "is empty");
  const rect = { x, y, width, height };
  if (isPercent) return crop(text, percentToPixels(rect, frame), frame);
  if (!Object.values(rect).every(Number.isInteger)) throw badRegion(text, "has fractional pixels");
  return crop(text, rect, frame);
}

/** Formats a region in its canonical spelling, `full` or `x,y,w,h`. Equal regions have equal spellings. */
export const formatRegion = ({ x, y, width, height }: Region, frame: Size): string =>
  width === frame.width && height === frame.height ? "full" : `${x},${y},${width},${height}`;

function centeredSquare({ width, height }: Size): Region {
  const side = Math.min(width, height);
  return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), width: side, height: side };
}

/** Rounds the edges to pixels. The result has at least one pixel per side, unless it starts outside the frame. */
function percentToPixels({ x, y, width, height }: Region, frame: Size): Region {
  const toPixels = (percent: number, side: number) => Math.round((Math.min(percent, 100) / 100) * side);
  const left = Math.min(toPixels(x, frame.width), frame.width - (x < 100 ? 1 : 0));
  const top = Math.min(toPixels(y, frame.height), frame.height - (y < 100 ? 1 : 0));
  const right = Math.max(left + 1, toPixels(x + width, frame.width));
  const bottom = Math.max(top + 1, toPixels(y + height, frame.height));
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function crop(text: string, { x, y, width, height }: Region, frame: Size): Region {
  if (x >= frame.width || y >= frame.height) {
    throw badRegion(text, `starts outside the ${frame.width}x${frame.height} frame`);
  }
  return { x, y, width: Math.min(width, frame.width - x), height: Math.min(height, frame.height - y) };
}

function badRegion(text: string, reason: string): RequestError {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return new RequestError(
    "bad-region",
    `region "${shown}" ${reason}; use full, square, x,y,w,h or pct:x,y,w,h`,
  );
}
