import type { TileAsset } from "../../codec/internal.js";

/** What is known of a video's frames. */
export type Timed = Pick<TileAsset, "groups" | "frameRate" | "frameCount">;

/** Share of a frame by which a time may lie before it: browsers keep whole microseconds. */
const SLACK = 1e-3;

/** The frame on screen at a time in seconds. */
export function frameAt({ frameRate: { num, den }, frameCount }: Timed, seconds: number): number {
  return Math.max(0, Math.min(frameCount - 1, Math.floor((seconds * num) / den + SLACK)));
}

/** Seconds at which a frame begins. */
export const timeOfFrame = ({ frameRate: { num, den } }: Timed, frame: number): number => (frame * den) / num;

/** The index of the group that holds a frame. */
export function groupOfFrame({ groups }: Timed, frame: number): number {
  let [low, high] = [0, groups.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (groups[middle]!.firstFrame <= frame) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** When a group begins and ends, in seconds. */
export function timesOfGroup(asset: Timed, group: number): { readonly start: number; readonly end: number } {
  const { firstFrame, frameCount } = asset.groups[group]!;
  return { start: timeOfFrame(asset, firstFrame), end: timeOfFrame(asset, firstFrame + frameCount) };
}
