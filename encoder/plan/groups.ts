import { MAX_GROUPS, type Rational } from "../../codec/internal.js";
import { badOption } from "../errors.js";

/** A group of frames to encode. */
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
 * Divides a video into groups. Every scene cut is a group boundary. Divides each scene evenly into groups of about one
 * second, or of about `groupFrames` frames. Their lengths differ by at most one frame.
 *
 * @param cuts frames that begin a new scene, ascending, without frame 0
 * @throws EncoderError `bad-option` if there would be more groups than readers accept
 */
export function planGroups(
  frameCount: number,
  cuts: readonly number[],
  frameRate: Rational,
  groupFrames?: number,
): PlannedGroup[] {
  const targetFrames =
    groupFrames ?? Math.max(1, Math.round((DEFAULT_GROUP_SECONDS * frameRate.num) / frameRate.den));
  const boundaries = [0, ...cuts, frameCount];
  const groups: PlannedGroup[] = [];
  for (let scene = 0; scene + 1 < boundaries.length; scene++) {
    const length = boundaries[scene + 1] - boundaries[scene];
    const count = Math.max(1, Math.round(length / targetFrames));
    for (let i = 0; i < count; i++) {
      const first = boundaries[scene] + Math.floor((i * length) / count);
      const end = boundaries[scene] + Math.floor(((i + 1) * length) / count);
      groups.push({ index: groups.length, firstFrame: first, frameCount: end - first, startsScene: i === 0 });
    }
  }
  if (groups.length > MAX_GROUPS) {
    throw badOption(
      "groupFrames",
      `groupFrames must divide the video into at most ${MAX_GROUPS} groups, got ${groups.length} groups of about ${targetFrames} frames; increase it, or encode parts of the video with from and to`,
    );
  }
  return groups;
}
