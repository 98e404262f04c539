import type { GroupEntry } from "../asset/asset.js";
import { MAX_SIDE } from "../asset/parse.js";
import { SieddError } from "../errors.js";

/** A part of the picture in source pixels; edges may lie between pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Which part of the picture, computed as how many pixels. */
export interface Viewport {
  readonly region: Region;
  /** Output pixels. */
  readonly width: number;
  readonly height: number;
}

/** The whole picture. */
export const fullRegion = (frame: { width: number; height: number }): Region => ({
  x: 0,
  y: 0,
  width: frame.width,
  height: frame.height,
});

/** The index's entry of a group. Throws `bad-request`. */
export function groupEntry(groups: readonly GroupEntry[], index: number): GroupEntry {
  const entry = groups[index];
  if (entry === undefined) throw new SieddError("bad-request", `group ${index} does not exist`);
  return entry;
}

/** Throws `bad-request` unless the group has the frame. */
export function checkFrame(frame: number, frameCount: number): void {
  if (!Number.isInteger(frame) || frame < 0 || frame >= frameCount) {
    throw new SieddError(
      "bad-request",
      `frame ${frame} does not exist: the group has frames 0 to ${frameCount - 1}`,
    );
  }
}

/** Throws `bad-request` unless the moment, in frames, lies in the group or less than one frame outside it. */
export function checkFramePosition(frame: number, frameCount: number): void {
  if (!(frame > -1 && frame < frameCount)) {
    throw new SieddError(
      "bad-request",
      `frame ${frame} does not exist: the group has frames 0 to ${frameCount - 1}`,
    );
  }
}

/** Throws `bad-request` for an odd side. */
export function checkEven({ width, height }: Viewport): void {
  if (width % 2 !== 0 || height % 2 !== 0) {
    throw new SieddError("bad-request", `size ${width} x ${height} must be even for 4:2:0 video`);
  }
}

/** Throws `bad-request` for an output of another length. */
export function expectLength(out: ArrayLike<number>, length: number): void {
  if (out.length !== length)
    throw new SieddError("bad-request", `the output takes ${length} bytes, not ${out.length}`);
}

/** Whether two requests ask for the same samples. */
export function sameRequest(a: Viewport, b: Viewport): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.region.x === b.region.x &&
    a.region.y === b.region.y &&
    a.region.width === b.region.width &&
    a.region.height === b.region.height
  );
}

/** Throws `bad-request` unless the region lies in the picture and the size is whole and within 1 .. 8192 a side. */
export function checkRequest(request: Viewport, frame: { width: number; height: number }): void {
  const { region, width, height } = request;
  const slack = 1e-6;
  const inside =
    region.width > 0 &&
    region.height > 0 &&
    region.x >= -slack &&
    region.y >= -slack &&
    region.x + region.width <= frame.width + slack &&
    region.y + region.height <= frame.height + slack;
  if (!inside) {
    throw new SieddError(
      "bad-request",
      `region ${region.x},${region.y},${region.width},${region.height} does not lie in the picture of ${frame.width} x ${frame.height}`,
    );
  }
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new SieddError(
        "bad-request",
        `size ${width} x ${height} is not within 1 to ${MAX_SIDE} pixels a side`,
      );
    }
  }
}
