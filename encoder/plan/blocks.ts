import type { PlannedGroup } from "./groups.js";

/** Consecutive groups of one scene that are trained together. */
export interface SpanBlock {
  readonly groups: readonly PlannedGroup[];
  /** Level of the longest possible span, which covers the entire block. */
  readonly level: number;
}

/**
 * Maximum bytes of a block's frames. As many blocks as keep all workers busy, mostly one, and one more are in memory at a time,
 * so this bounds the memory of an encode.
 * 640x360 allows 8 groups of a second, 1280x720 4 groups at 25 frames per second, 1920x1080 one.
 */
export const MAX_BLOCK_BYTES = 300e6;

/** Returns the lowest level whose spans cover `groups` groups: a span of level n covers at most 2^n groups. */
export const levelOf = (groups: number): number => Math.ceil(Math.log2(groups));

/**
 * Divides the groups into blocks. From the start of a scene, every block has 2^n groups, and the last one the groups that
 * are left, so blocks are aligned in the same way as spans. They are as long as `maxSpan` and their frames allow.
 * @param maxSpan maximum number of groups
 * @param frameBytes bytes of a frame in memory
 */
export function planBlocks(
  groups: readonly PlannedGroup[],
  maxSpan: number,
  frameBytes: number,
): SpanBlock[] {
  return scenesOf(groups).flatMap((scene) => {
    let length = maxSpan;
    while (length > 1 && frameBytes * maxFrames(scene, length) > MAX_BLOCK_BYTES) length /= 2;
    return chunks(scene, length).map((block) => ({ groups: block, level: levelOf(block.length) }));
  });
}

/** Returns the number of frames of the longest block. */
function maxFrames(scene: readonly PlannedGroup[], length: number): number {
  const frames = chunks(scene, length).map((block) =>
    block.reduce((sum, { frameCount }) => sum + frameCount, 0),
  );
  return Math.max(...frames);
}

function chunks<T>(values: readonly T[], length: number): T[][] {
  const count = Math.ceil(values.length / length);
  return Array.from({ length: count }, (_, i) => values.slice(i * length, (i + 1) * length));
}

function scenesOf(groups: readonly PlannedGroup[]): PlannedGroup[][] {
  const scenes: PlannedGroup[][] = [];
  for (const group of groups) {
    if (group.startsScene || scenes.length === 0) scenes.push([]);
    scenes[scenes.length - 1].push(group);
  }
  return scenes;
}
