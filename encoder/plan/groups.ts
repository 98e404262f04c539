import type { Rational } from "../../codec/internal.js";

/** A group before it is encoded. */
export interface PlannedGroup {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Whether its first frame is the first of a scene. */
  readonly startsScene: boolean;
}

/** Seconds a group where nothing else is asked for. */
const GROUP_SECONDS = 1;

/**
 * Cuts a video into groups: every scene cut is a border, and a scene is divided evenly into groups of about a
 * second (or `groupFrames`), whose lengths differ by at most one frame.
 */
export function planGroups(
  frameCount: number,
  cuts: readonly number[],
  rate: Rational,
  groupFrames?: number,
): PlannedGroup[] {
  const wanted = groupFrames ?? Math.max(1, Math.round((GROUP_SECONDS * rate.num) / rate.den));
  const borders = [0, ...cuts, frameCount];
  const groups: PlannedGroup[] = [];
  for (let scene = 0; scene + 1 < borders.length; scene++) {
    const length = borders[scene + 1] - borders[scene];
    const count = Math.max(1, Math.round(length / wanted));
    for (let i = 0; i < count; i++) {
      const first = borders[scene] + Math.floor((i * length) / count);
      const end = borders[scene] + Math.floor(((i + 1) * length) / count);
      groups.push({ index: groups.length, firstFrame: first, frameCount: end - first, startsScene: i === 0 });
    }
  }
  return groups;
}
