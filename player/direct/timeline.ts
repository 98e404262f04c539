import type { TileAsset } from "../../codec/internal.js";

/** The frames of a video and their timing. */
export type FrameTimeline = Pick<TileAsset, "groups" | "frameRate" | "frameCount">;

/** Tolerance in frames: browsers round times to microseconds, so a time may lie slightly before its frame. */
const ROUNDING_TOLERANCE = 1e-3;

/** Returns the index of the frame at a time in seconds. */
export function frameAt({ frameRate: { num, den }, frameCount }: FrameTimeline, seconds: number): number {
  return Math.max(0, Math.min(frameCount - 1, Math.floor((seconds * num) / den + ROUNDING_TOLERANCE)));
}

/** Returns the start time of a frame, in seconds. */
const frameTime = ({ frameRate: { num, den } }: FrameTimeline, frame: number): number => (frame * den) / num;

/** Returns the index of the group that contains a frame. */
export function groupOfFrame({ groups }: FrameTimeline, frame: number): number {
  let [low, high] = [0, groups.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (groups[middle]!.firstFrame <= frame) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Returns the start and end time of a group, in seconds. */
export function groupTimes(
  asset: FrameTimeline,
  group: number,
): { readonly start: number; readonly end: number } {
  const { firstFrame, frameCount } = asset.groups[group]!;
  return { start: frameTime(asset, firstFrame), end: frameTime(asset, firstFrame + frameCount) };
}
