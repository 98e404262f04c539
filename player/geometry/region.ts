import type { Size } from "./size.js";

/** A rectangle of the frame in source pixels: integers if requested from the server, fractions during a gesture. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A position in the frame, in source pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Shortest side of a region in source pixels. A smaller one has no detail left to show. */
export const MIN_REGION_SIDE = 16;
/** Largest zoom factor. */
export const MAX_ZOOM = 32;
/** Number of zoom levels per doubling that a gesture snaps to. */
const LEVELS_PER_DOUBLING = 4;
/** Grid steps per side of the region that a gesture snaps to. */
const GRID_STEPS_PER_SIDE = 16;

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

/** Returns the zoom factor of a region: 1 is the full frame. */
export const zoomFactor = (region: Region, frame: Size): number =>
  Math.min(frame.width / region.width, frame.height / region.height);

/** Returns the largest zoom factor for a frame of this size. */
export const maxZoom = ({ width, height }: Size): number =>
  Math.max(1, Math.min(MAX_ZOOM, width / MIN_REGION_SIDE, height / MIN_REGION_SIDE));

/** Moves a region into the frame. Its size changes only if it is larger than the frame. */
export function clampRegion(region: Region, frame: Size): Region {
  const width = Math.min(region.width, frame.width);
  const height = Math.min(region.height, frame.height);
  const clampStart = (start: number, length: number, limit: number) =>
    Math.min(Math.max(0, start), limit - length);
  return {
    x: clampStart(region.x, width, frame.width),
    y: clampStart(region.y, height, frame.height),
    width,
    height,
  };
}

/** Returns the region with the frame's aspect ratio and this zoom factor, as close to the center as the edges allow. */
export function regionAround(center: Point, zoom: number, frame: Size): Region {
  const factor = Math.min(Math.max(1, zoom), maxZoom(frame));
  const [width, height] = [frame.width / factor, frame.height / factor];
  return clampRegion({ x: center.x - width / 2, y: center.y - height / 2, width, height }, frame);
}

/** Multiplies the zoom by a factor and keeps the point in place on the screen. */
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

/** Returns a region with the frame's aspect ratio that contains the rectangle. */
export function regionContaining(rectangle: Region, frame: Size): Region {
  const zoom = zoomFactor(rectangle, frame);
  const level = Math.floor(LEVELS_PER_DOUBLING * Math.log2(zoom));
  return regionAround(regionCenter(rectangle), 2 ** (level / LEVELS_PER_DOUBLING), frame);
}

/**
 * Snaps a region to a geometric scale of zoom levels and a grid of a sixteenth of its size, in integer pixels. Viewers
 * who zoom into the same spot then request the same region and share cached segments.
 */
export function snapRegion(region: Region, frame: Size): Region {
  const level = Math.round(LEVELS_PER_DOUBLING * Math.log2(zoomFactor(region, frame)));
  const zoom = Math.min(Math.max(1, 2 ** (level / LEVELS_PER_DOUBLING)), maxZoom(frame));
  const { x, y, width, height } = regionAround(regionCenter(region), zoom, frame);
  const snap = (start: number, length: number, limit: number) => {
    const step = length / GRID_STEPS_PER_SIDE;
    const side = Math.min(limit, Math.max(MIN_REGION_SIDE, Math.round(length)));
    // The last position touches the far edge, whether or not it is on the grid.
    const snapped = start + length >= limit - step / 2 ? limit - side : Math.round(start / step) * step;
    return { start: Math.min(Math.max(0, Math.round(snapped)), limit - side), side };
  };
  const [horizontal, vertical] = [snap(x, width, frame.width), snap(y, height, frame.height)];
  return { x: horizontal.start, y: vertical.start, width: horizontal.side, height: vertical.side };
}

/** Formats a region as in URLs: `full` or `x,y,w,h`. */
export function formatRegion(region: Region | null, frame: Size | null = null): string {
  if (region === null || (frame !== null && coversFrame(region, frame))) return "full";
  return [region.x, region.y, region.width, region.height].join(",");
}

const NUMBER = /^\d{1,9}(?:\.\d{1,9})?$/;

/** A parsed region whose units need the size of the frame. */
export interface ParsedRegion {
  readonly percent: boolean;
  readonly numbers: readonly [number, number, number, number];
}

/**
 * Parses `full`, `x,y,w,h` or `pct:x,y,w,h`.
 *
 * @returns null for the full frame, undefined if the text is not a region
 */
export function parseRegion(text: string | null): ParsedRegion | null | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "" || trimmed === "full") return null;
  const percent = trimmed.startsWith("pct:");
  const fields = (percent ? trimmed.slice(4) : trimmed).split(",").map((field) => field.trim());
  if (fields.length !== 4 || !fields.every((field) => NUMBER.test(field))) return undefined;
  const numbers = fields.map(Number) as unknown as ParsedRegion["numbers"];
  return numbers[2] > 0 && numbers[3] > 0 ? { percent, numbers } : undefined;
}

/** Converts a parsed region to integer pixels of this frame, enlarged to the minimum size; null is the full frame. */
export function resolveRegion({ percent, numbers }: ParsedRegion, frame: Size): Region | null {
  const scale = (value: number, length: number) => (percent ? (Math.min(value, 100) / 100) * length : value);
  const [x, y, w, h] = numbers;
  const resolve = (start: number, length: number, limit: number) => {
    const first = Math.min(Math.round(scale(start, limit)), limit - 1);
    const last = Math.min(limit, Math.round(scale(start, limit) + scale(length, limit)));
    const side = Math.min(limit, Math.max(MIN_REGION_SIDE, last - first));
    return { start: Math.min(first, limit - side), side };
  };
  const [horizontal, vertical] = [resolve(x, w, frame.width), resolve(y, h, frame.height)];
  const region = { x: horizontal.start, y: vertical.start, width: horizontal.side, height: vertical.side };
  return coversFrame(region, frame) ? null : region;
}
