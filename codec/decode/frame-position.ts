import type { GroupEntry } from "../asset/asset.js";
import { SieddError } from "../errors.js";
import type { PixelFormat } from "./color.js";
import type { DecoderGroup, FrameDecoder } from "./frame-decoder.js";
import type { Viewport } from "./viewport.js";

/** A position in a video, relative to its groups. May lie between two frames. */
export interface FramePosition {
  /** Index of the group. */
  readonly group: number;
  /** Frame within the group, may be fractional. Greater than `frameCount - 1` between two groups. */
  readonly frame: number;
  /** Weight of the next group in the cross-fade, 0 to 1. Nonzero only between two groups. */
  readonly blend: number;
}

/**
 * Converts a position in frames of the video (0 is the first frame, may be fractional) to a FramePosition.
 * @throws SieddError `bad-request` if the position is negative, or not less than the number of frames.
 */
export function locateFrame(groups: readonly GroupEntry[], position: number): FramePosition {
  const last = groups.at(-1);
  const end = last === undefined ? 0 : last.firstFrame + last.frameCount;
  // 0.999999 and 1 look the same, but between two groups a fractional position costs two frames instead of one.
  const nearest = Math.round(position);
  const snapped = Math.abs(position - nearest) < 1e-6 ? nearest : position;
  if (!(snapped >= 0 && snapped < end)) {
    throw new SieddError("bad-request", `frame ${position} does not exist: the asset has ${end} frames`);
  }
  const entry = groups[groupAt(groups, snapped)];
  const frame = snapped - entry.firstFrame;
  const pastLast = frame - (entry.frameCount - 1);
  const blend = pastLast > 0 && entry.index + 1 < groups.length ? pastLast : 0;
  return { group: entry.index, frame, blend };
}

/** Returns the index of the last group that begins at or before `position`. */
function groupAt(groups: readonly GroupEntry[], position: number): number {
  let low = 0;
  let high = groups.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (groups[middle].firstFrame <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Loads a group by its index. */
export type GroupLoader = (index: number) => Promise<DecoderGroup>;

/** What `decodeFrameAt` decodes. */
export interface FrameRequest {
  readonly position: FramePosition;
  readonly viewport: Viewport;
  readonly format: PixelFormat;
}

/**
 * Decodes the frame at any position into `out`. Between two groups, both are extrapolated and cross-faded. The
 * previous frame is held instead if the second group begins a scene or is damaged, or if the profile supports
 * only integer positions.
 * @throws SieddError `bad-request`. Rejections of `load` pass through.
 */
export async function decodeFrameAt(
  decoder: FrameDecoder,
  load: GroupLoader,
  { position: { group, frame, blend }, viewport, format }: FrameRequest,
  out: Uint8Array,
): Promise<void> {
  const decode = async (loaded: DecoderGroup, frameInGroup: number, to: Uint8Array) => {
    if (format === "rgba") await decoder.decodeRgba(loaded, frameInGroup, viewport, to);
    else await decoder.decodeI420(loaded, frameInGroup, { viewport, matrix: format }, to);
  };
  const current = await load(group);
  if (Number.isInteger(frame)) return decode(current, frame, out);
  if (!("startsScene" in current)) return decode(current, Math.floor(frame), out);
  if (blend === 0) return decode(current, Math.min(frame, current.frameCount - 1), out);
  const next = await load(group + 1).catch(ignoreDamage);
  if (next === undefined || !("startsScene" in next) || next.startsScene) {
    return decode(current, Math.floor(frame), out);
  }
  await decode(current, frame, out);
  const nextPixels = new Uint8Array(out.length);
  await decode(next, blend - 1, nextPixels);
  for (let i = 0; i < out.length; i++) out[i] += Math.round((nextPixels[i] - out[i]) * blend);
}

/** Resolves to undefined for a damaged group, which is reported when its own frames are decoded. */
function ignoreDamage(cause: unknown): undefined {
  if (!(cause instanceof SieddError && cause.code === "corrupt-group")) throw cause;
}
