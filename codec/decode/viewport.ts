import type { BaseAsset, GroupEntry } from "../asset/asset.js";
import { MAX_SIDE } from "../asset/parse.js";
import { SieddError } from "../errors.js";
import type { ExpectedGroupParts } from "../group/parts.js";
import { maxGroupValues } from "../limits.js";

/** A rectangle of the source frame, in source pixels. Values may be fractional. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A region of the frame and the size at which it is decoded. */
export interface Viewport {
  readonly region: Region;
  /** Output pixels, an integer from 1 to 8192. */
  readonly width: number;
  /** Output pixels, an integer from 1 to 8192. */
  readonly height: number;
}

/** The parts of an asset that a decoder of any profile needs. */
export type DecoderMetadata = Pick<BaseAsset, "width" | "height" | "groups">;

/** Returns the region that covers the entire frame. */
export const fullRegion = (frame: { width: number; height: number }): Region => ({
  x: 0,
  y: 0,
  width: frame.width,
  height: frame.height,
});

/** Returns the index entry of a group. @throws SieddError `bad-request` if it does not exist. */
function groupEntry(groups: readonly GroupEntry[], index: number): GroupEntry {
  const entry = groups[index];
  if (entry !== undefined) return entry;
  throw new SieddError(
    "bad-request",
    `group ${index} does not exist: the asset has groups 0 to ${groups.length - 1}`,
  );
}

/** Returns what the index says about a group. @throws SieddError `bad-request` if the group does not exist. */
export function expectedGroup(groups: readonly GroupEntry[], index: number) {
  const { frameCount, parts } = groupEntry(groups, index);
  const maxValues = maxGroupValues(groups, parts?.[0].groupCount);
  return { index, frameCount, maxValues, parts } satisfies ExpectedGroupParts;
}

/** Throws SieddError `bad-request` unless `frame` is an integer within the group. */
export function checkFrame(frame: number, frameCount: number): void {
  if (!Number.isInteger(frame) || frame < 0 || frame >= frameCount) {
    throw new SieddError(
      "bad-request",
      `frame ${frame} does not exist: the group has frames 0 to ${frameCount - 1}`,
    );
  }
}

/** Throws SieddError `bad-request` unless `frame` lies within the group or less than one frame outside it. */
export function checkFramePosition(frame: number, frameCount: number): void {
  if (!(frame > -1 && frame < frameCount)) {
    throw new SieddError(
      "bad-request",
      `frame ${frame} does not exist: the group has frames 0 to ${frameCount - 1}`,
    );
  }
}

/** Throws SieddError `bad-request` unless width and height are even. */
export function checkEven({ width, height }: Viewport): void {
  if (width % 2 !== 0 || height % 2 !== 0) {
    throw new SieddError(
      "bad-request",
      `width and height must be even for 4:2:0 video, got ${width} x ${height}`,
    );
  }
}

/** Throws SieddError `bad-request` unless the output buffer has `length` bytes. */
export function checkLength(out: ArrayLike<number>, length: number): void {
  if (out.length !== length) {
    throw new SieddError("bad-request", `the output buffer must have ${length} bytes, got ${out.length}`);
  }
}

/** Returns whether two viewports are equal. */
export function sameViewport(a: Viewport, b: Viewport): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.region.x === b.region.x &&
    a.region.y === b.region.y &&
    a.region.width === b.region.width &&
    a.region.height === b.region.height
  );
}

/**
 * Throws SieddError `bad-request` unless the region lies within the frame, and width and height are integers
 * from 1 to 8192.
 */
export function checkViewport(viewport: Viewport, frame: { width: number; height: number }): void {
  const { region, width, height } = viewport;
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
      `region ${region.x},${region.y},${region.width},${region.height} must lie within the frame of ${frame.width} x ${frame.height}`,
    );
  }
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new SieddError(
        "bad-request",
        `width and height must be integers from 1 to ${MAX_SIDE}, got ${width} x ${height}`,
      );
    }
  }
}
