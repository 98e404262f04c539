import {
  decoderInputs,
  type GroupWeights,
  type PartWeights,
  type TileNetwork,
} from "../../codec/internal.js";

/** Networks that cover several groups. */
export interface SyntheticSpan {
  /** Index of the first group. */
  readonly group: number;
  readonly level: number;
  /** Indices of the tiles, ascending. */
  readonly tiles: readonly number[];
}

/** A span and its networks. */
export interface TrainedSpan extends PartWeights<Float32Array> {
  /** Index of the first group. */
  readonly group: number;
}

const TIME_FEATURES = 3;

/** Returns the number of groups of a span that begins with `group`: fewer than 2^level at the end of a scene. */
export function spanGroups(
  groupCount: number,
  scenes: readonly number[],
  group: number,
  level: number,
): number {
  const end = scenes.find((scene) => scene > group) ?? groupCount;
  return Math.min(2 ** level, end - group);
}

/** Returns the part of a group that holds some of its tiles. */
export function selectTiles(
  group: GroupWeights<Float32Array>,
  indices: readonly number[],
): Omit<PartWeights<Float32Array>, "level"> {
  const values = group.frameCount * 2;
  const motion = new Float32Array(indices.length * values);
  for (const [i, tile] of indices.entries())
    motion.set(group.motion.subarray(tile * values, (tile + 1) * values), i * values);
  return { ...group, indices, tiles: indices.map((tile) => group.tiles[tile]), motion };
}

/** Removes the influence of time from the first layer of a network without a shared encoder. */
export function removeTime(network: TileNetwork, matrix: Float32Array | undefined): void {
  if (matrix === undefined) return;
  const inputs = decoderInputs(network);
  matrix.fill(0, (matrix.length / inputs) * (inputs - TIME_FEATURES));
}

/** Returns whether a span covers a group. */
export const covers = (span: TrainedSpan, frameCounts: readonly number[], group: number): boolean =>
  group >= span.group && firstFrame(span, frameCounts, group) < span.frameCount;

/** Returns the frame of a span with which a group begins. */
const firstFrame = (span: TrainedSpan, frameCounts: readonly number[], group: number): number =>
  frameCounts.slice(span.group, group).reduce((sum, count) => sum + count, 0);

/** Returns a group with the networks of a span, and with their motion in its frames, if the span covers it. */
export function copySpan<Group extends GroupWeights<Float32Array>>(
  group: Group,
  span: TrainedSpan,
  frameCounts: readonly number[],
  index: number,
): Group {
  if (!covers(span, frameCounts, index)) return group;
  const tiles = [...group.tiles];
  const motion = group.motion.slice();
  const first = firstFrame(span, frameCounts, index);
  for (const [i, tile] of span.indices.entries()) {
    tiles[tile] = span.tiles[i];
    const from = (i * span.frameCount + first) * 2;
    motion.set(span.motion.subarray(from, from + group.frameCount * 2), tile * group.frameCount * 2);
  }
  return { ...group, tiles, motion };
}
