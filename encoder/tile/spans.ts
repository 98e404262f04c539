import type { QuantizationSteps, TileNetwork } from "../../codec/internal.js";
import { levelOf } from "../plan/blocks.js";
import {
  type GroupTarget,
  type Normalization,
  normalizationOf,
  type SampleSums,
  type TileRange,
} from "../training/sampling/group-target.js";
import { selectWindows, type TileWindows } from "../training/sampling/tile-windows.js";
import { requireWeights, type TrainingWeights } from "../training/weights.js";

/** Part of a block that some tiles have one network for. */
export interface Span {
  /** The span covers 2^level groups, or those that are left in the block, which are more than 2^(level - 1). */
  readonly level: number;
  /** Index of the first group in the block, a multiple of 2^level. */
  readonly group: number;
  /** Indices of the tiles in the frame, ascending. */
  readonly tiles: readonly number[];
}

/** A span and the weights of its tiles. */
export interface SpanWeights extends Span {
  /** Undefined: random. */
  readonly weights: TrainingWeights | undefined;
}

/** A span after training. */
export interface TrainedSpan extends Span {
  readonly normalization: Normalization;
  readonly frameCount: number;
  readonly weights: TrainingWeights;
}

/** The frames of a block and a range of its tiles. */
export interface BlockTarget {
  readonly windows: TileWindows;
  readonly tiles: TileRange;
  /** Frames of each group. */
  readonly frameCounts: readonly number[];
  /** Sums over the samples of each group. */
  readonly sums: readonly SampleSums[];
  /** 8-bit packed R'G'B' [frames, height, width, 3] of all groups, in shared memory. */
  readonly frames: Uint8Array;
  /** Width of the frames in pixels. */
  readonly frameWidth: number;
}

/** Returns the number of groups of a span. */
export const coveredGroups = ({ level, group }: Span, { frameCounts }: BlockTarget): number =>
  Math.min(2 ** level, frameCounts.length - group);

/** Returns the two halves of a span. The second one may be shorter. */
export function halvesOf(span: Span, block: BlockTarget): [Span, Span] {
  const level = span.level - 1;
  const group = span.group + 2 ** level;
  return [
    { ...span, level },
    { ...span, level: levelOf(coveredGroups(span, block) - 2 ** level), group },
  ];
}

/** Returns the frames and tiles of a span. */
export function spanTarget(block: BlockTarget, span: Span): GroupTarget {
  const { frameCounts, sums, frames, windows, frameWidth } = block;
  const { group, tiles } = span;
  const end = group + coveredGroups(span, block);
  const first = total(frameCounts.slice(0, group));
  const frameCount = total(frameCounts.slice(group, end));
  const frameBytes = frames.length / total(frameCounts);
  return {
    windows: selectWindows(windows, tiles),
    tiles: { first: 0, count: tiles.length },
    frameCount,
    normalization: normalizationOf(sums.slice(group, end)),
    frames: frames.subarray(first * frameBytes, (first + frameCount) * frameBytes),
    frameWidth,
  };
}

/** Returns the part of a span whose tiles are in a range: an empty array or one span. */
export function spanInRange(
  { level, group, tiles, weights }: TrainedSpan,
  { first, count }: TileRange,
): SpanWeights[] {
  const indices = [...tiles.keys()].filter((i) => tiles[i] >= first && tiles[i] < first + count);
  if (indices.length === 0) return [];
  const selected = selectWeights(weights, tiles.length, indices);
  return [{ level, group, tiles: indices.map((i) => tiles[i]), weights: selected }];
}

/** Returns the weights of some of the tiles. `indices` count from the first tile of `weights`. */
export function selectWeights(
  weights: TrainingWeights,
  tiles: number,
  indices: readonly number[],
): TrainingWeights {
  if (indices.length === tiles) return weights;
  return new Map(
    [...weights].map(([name, values]) => {
      if (name.startsWith("encoder")) return [name, values];
      const length = values.length / tiles;
      const selected = new Float32Array(indices.length * length);
      indices.forEach((tile, i) => {
        selected.set(values.subarray(tile * length, (tile + 1) * length), i * length);
      });
      return [name, selected];
    }),
  );
}

/**
 * Returns the rate of each tile in nats, as the rate term of training counts it (`fakeQuantizeTile`). It is proportional
 * to the coded bits of a tile: the correlation is 0.99.
 */
export function tileRates(
  network: TileNetwork,
  weights: TrainingWeights,
  tiles: number,
  steps: QuantizationSteps,
): Float64Array {
  const rates = new Float64Array(tiles);
  const add = (tile: number, value: number, step: number) => {
    const q = value / step;
    rates[tile] += Math.log(1 + Math.sqrt(q * q + 0.25));
  };
  const addAll = (name: string, step: number) => {
    const values = requireWeights(weights, name);
    const length = values.length / tiles;
    for (let i = 0; i < values.length; i++) add(Math.floor(i / length), values[i], step);
  };
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    addAll(`hidden${layer}`, steps.hidden[layer]);
    addAll(`hidden${layer}_bias`, steps.hiddenBias[layer]);
  }
  const motion = requireWeights(weights, "motion");
  const frames = motion.length / (2 * tiles);
  for (let row = 0; row < 2 * tiles; row++) {
    for (let at = row * frames + 1; at < (row + 1) * frames; at++) {
      add(row >> 1, motion[at] - motion[at - 1], steps.motion);
    }
  }
  return rates;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
