import type { Rational } from "../../codec/internal.js";

/** A group of frames that is to be encoded. */
export interface PlannedGroup {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Whether the group begins with a scene cut. */
  readonly startsScene: boolean;
}

/** Default duration of a group in seconds. */
const DEFAULT_GROUP_SECONDS = 1;

/**
 * Divides a video into groups. Every scene cut is a border. Each scene is divided evenly into groups of about one second,
 * or about `groupFrames` frames, whose lengths differ by at most one frame.
 *
 * @param cuts frames that begin a new scene, ascending, without frame 0
 */
export function planGroups(
  frameCount: number,
  cuts: readonly number[],
  frameRate: Rational,
  groupFrames?: number,
): PlannedGroup[] {
  const targetFrames =
    groupFrames ?? Math.max(1, Math.round((DEFAULT_GROUP_SECONDS * frameRate.num) / frameRate.den));
  const borders = [0, ...cuts, frameCount];
  const groups: PlannedGroup[] = [];
  for (let scene = 0; scene + 1 < borders.length; scene++) {
    const length = borders[scene + 1] - borders[scene];
    const count = Math.max(1, Math.round(length / targetFrames));
    for (let i = 0; i < count; i++) {
      const first = borders[scene] + Math.floor((i * length) / count);
      const end = borders[scene] + Math.floor(((i + 1) * length) / count);
      groups.push({ index: groups.length, firstFrame: first, frameCount: end - first, startsScene: i === 0 });
    }
  }
  return groups;
}
