import type { Size } from "./size.js";

/** A part of the picture in source pixels; whole ones where it is asked for, fractions while a hand moves it. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A position in the picture, in source pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Fewest source pixels a side of a region: what is smaller shows nothing that was ever there. */
export const MIN_REGION_SIDE = 16;
/** How many times a hand may enlarge the picture. */
export const MAX_ZOOM = 32;
/** Zoom levels that a resting hand settles on, for each doubling. */
const LEVELS_PER_DOUBLING = 4;
/** Places of a region along each side, for each of its own widths: viewers of one spot then share the cache. */
const GRID_STEPS_PER_WIDTH = 16;

export const fullRegion = ({ width, height }: Size): Region => ({ x: 0, y: 0, width, height });

export const coversFrame = (region: Region, frame: Size): boolean =>
  region.width >= frame.width && region.height >= frame.height;

export const sameRegion = (a: Region | null, b: Region | null): boolean =>
  a === b ||
  (a !== null && b !== null && a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height);

export const regionCenter = ({ x, y, width, height }: Region): Point => ({
  x: x + width / 2,
  y: y + height / 2,
});

/** How many times the region is enlarged against the whole picture. */
export const zoomFactor = (region: Region, frame: Size): number =>
  Math.min(frame.width / region.width, frame.height / region.height);

/** The most that this picture may be enlarged. */
export const maxZoom = ({ width, height }: Size): number =>
  Math.max(1, Math.min(MAX_ZOOM, width / MIN_REGION_SIDE, height / MIN_REGION_SIDE));

/** Moves a region back into the picture, without changing its size where it fits. */
export function clampRegion(region: Region, frame: Size): Region {
  const width = Math.min(region.width, frame.width);
  const height = Math.min(region.height, frame.height);
  const within = (start: number, length: number, limit: number) =>
    Math.min(Math.max(0, start), limit - length);
  return {
    x: within(region.x, width, frame.width),
    y: within(region.y, height, frame.height),
    width,
    height,
  };
}

/** The part of the picture's shape that is enlarged `zoom` times, as near to this center as the edges allow. */
export function regionAround(center: Point, zoom: number, frame: Size): Region {
  const bounded = Math.min(Math.max(1, zoom), maxZoom(frame));
  const [width, height] = [frame.width / bounded, frame.height / bounded];
  return clampRegion({ x: center.x - width / 2, y: center.y - height / 2, width, height }, frame);
}

/** Zooms by a factor so that the point stays where it is on the screen. */
export function zoomAt(region: Region, factor: number, point: Point, frame: Size): Region {
  const before = zoomFactor(region, frame);
  const zoom = Math.min(Math.max(1, before * factor), maxZoom(frame));
  const shrink = before / zoom;
  const [width, height] = [frame.width / zoom, frame.height / zoom];
  return clampRegion(
    {
      x: point.x - (point.x - region.x) * shrink,
      y: point.y - (point.y - region.y) * shrink,
      width,
      height,
    },
    frame,
  );
}

/** The region of the picture's shape that holds this rectangle whole. */
export function regionContaining(rectangle: Region, frame: Size): Region {
  const zoom = zoomFactor(rectangle, frame);
  const level = Math.floor(LEVELS_PER_DOUBLING * Math.log2(zoom));
  return regionAround(regionCenter(rectangle), 2 ** (level / LEVELS_PER_DOUBLING), frame);
}

/**
 * The region that is asked for where a hand came to rest: a level of a geometric scale and a place on a grid
 * of a sixteenth of its width, in whole pixels. Everybody who looks at one spot then asks for the same one.
 */
export function snapRegion(region: Region, frame: Size): Region {
  const level = Math.round(LEVELS_PER_DOUBLING * Math.log2(zoomFactor(region, frame)));
  const zoom = Math.min(Math.max(1, 2 ** (level / LEVELS_PER_DOUBLING)), maxZoom(frame));
  const { x, y, width, height } = regionAround(regionCenter(region), zoom, frame);
  const place = (start: number, length: number, limit: number) => {
    const step = length / GRID_STEPS_PER_WIDTH;
    const side = Math.min(limit, Math.max(MIN_REGION_SIDE, Math.round(length)));
    // The last place touches the far edge, wherever the grid ends.
    const along = start + length >= limit - step / 2 ? limit - side : Math.round(start / step) * step;
    return { start: Math.min(Math.max(0, Math.round(along)), limit - side), side };
  };
  const [across, down] = [place(x, width, frame.width), place(y, height, frame.height)];
  return { x: across.start, y: down.start, width: across.side, height: down.side };
}

/** As in URLs: `full` or `x,y,w,h`. */
export function formatRegion(region: Region | null, frame: Size | null = null): string {
  if (region === null || (frame !== null && coversFrame(region, frame))) return "full";
  return [region.x, region.y, region.width, region.height].join(",");
}

const NUMBER = /^\d{1,9}(?:\.\d{1,9})?$/;

/** A region as written, before the picture is known. */
export interface ParsedRegion {
  readonly percent: boolean;
  readonly numbers: readonly [number, number, number, number];
}

/** Reads `full`, `x,y,w,h` or `pct:x,y,w,h`. null is the whole picture, undefined is not a region. */
export function parseRegion(text: string | null): ParsedRegion | null | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "" || trimmed === "full") return null;
  const percent = trimmed.startsWith("pct:");
  const parts = (percent ? trimmed.slice(4) : trimmed).split(",").map((part) => part.trim());
  if (parts.length !== 4 || !parts.every((part) => NUMBER.test(part))) return undefined;
  const numbers = parts.map(Number) as unknown as ParsedRegion["numbers"];
  return numbers[2] > 0 && numbers[3] > 0 ? { percent, numbers } : undefined;
}

/** The whole pixels that a written region means in this picture, at least the smallest; null is all of it. */
export function resolveRegion({ percent, numbers }: ParsedRegion, frame: Size): Region | null {
  const scale = (value: number, length: number) => (percent ? (Math.min(value, 100) / 100) * length : value);
  const [x, y, w, h] = numbers;
  const along = (start: number, length: number, limit: number) => {
    const first = Math.min(Math.round(scale(start, limit)), limit - 1);
    const last = Math.min(limit, Math.round(scale(start, limit) + scale(length, limit)));
    const side = Math.min(limit, Math.max(MIN_REGION_SIDE, last - first));
    return { start: Math.min(first, limit - side), side };
  };
  const [across, down] = [along(x, w, frame.width), along(y, h, frame.height)];
  const region = { x: across.start, y: down.start, width: across.side, height: down.side };
  return coversFrame(region, frame) ? null : region;
}
