import { MAX_GROUPS, type Rational, segmentStarts } from "../../codec/internal.js";
import { badOption } from "../errors.js";

/** A group of frames to encode. */
export interface PlannedGroup {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Whether the group begins with a scene cut. */
  readonly startsScene: boolean;
}

/**
 * Divides a video into groups. Every scene cut is a group boundary. By default, the other boundaries are those of the
 * segments that a server sends, about one second apart, so that a segment needs few groups; a boundary less than half
 * a second from a scene's ends is omitted. With `groupFrames`, each scene is divided evenly into groups of about that many
 * frames, whose lengths differ by at most one.
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
  const scenes = [0, ...cuts].map((start, index) => ({ start, end: cuts[index] ?? frameCount }));
  const wholeSeconds = groupFrames === undefined ? secondStarts(frameCount, frameRate) : [];
  const minFrames = frameRate.num / (2 * frameRate.den);
  const groups: PlannedGroup[] = [];
  let next = 0;
  for (const { start, end } of scenes) {
    const firsts = [start];
    if (groupFrames !== undefined) firsts.push(...evenStarts(start, end, groupFrames));
    for (; next < wholeSeconds.length && wholeSeconds[next] < end; next++) {
      const frame = wholeSeconds[next];
      if (frame > start && frame - start >= minFrames && end - frame >= minFrames) firsts.push(frame);
    }
    firsts.forEach((firstFrame, i) => {
      const frames = (firsts[i + 1] ?? end) - firstFrame;
      groups.push({ index: groups.length, firstFrame, frameCount: frames, startsScene: i === 0 });
    });
  }
  if (groups.length > MAX_GROUPS) {
    throw badOption(
      "groupFrames",
      `groupFrames must divide the video into at most ${MAX_GROUPS} groups, got ${groups.length} groups; increase it, or encode parts of the video with from and to`,
    );
  }
  return groups;
}

/** Returns the segment boundaries without the one at half a second: groups of a second take fewer bytes. */
function secondStarts(frameCount: number, frameRate: Rational): number[] {
  const second = frameRate.num / frameRate.den;
  return segmentStarts(frameCount, frameRate).filter((frame, index) => index !== 1 || frame >= second);
}

/** Divides a scene into parts of about `target` frames, and returns where the parts after the first begin. */
function evenStarts(start: number, end: number, target: number): number[] {
  const length = end - start;
  const count = Math.max(1, Math.round(length / target));
  return Array.from({ length: count - 1 }, (_, i) => start + Math.floor(((i + 1) * length) / count));
}
