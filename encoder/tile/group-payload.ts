import {
  CHANNELS,
  type QuantizationSteps,
  quantize,
  type TileNetwork,
  writeGroup,
} from "../../codec/internal.js";
import { diverged } from "../errors.js";
import type { GroupTarget } from "../training/sampling/group-target.js";
import type { TrainingWeights } from "../training/weights.js";
import { toGroupMotion, toTileWeights } from "./weights.js";

/** A group after training. */
export interface TrainedTiles {
  readonly network: TileNetwork;
  /** Width of the decoders. */
  readonly width: number;
  readonly startsScene: boolean;
  /** Ranges of tiles that together cover all tiles. */
  readonly ranges: readonly {
    readonly target: Pick<GroupTarget, "frameCount" | "normalization" | "tiles">;
    readonly weights: TrainingWeights;
  }[];
}

/**
 * Joins the ranges of tiles, quantizes and entropy-codes them. Returns the payload of the group.
 * @throws EncoderError `diverged` if weights are not finite
 */
export function groupPayload(group: TrainedTiles, steps: QuantizationSteps): Uint8Array {
  const { network, width, startsScene, ranges } = group;
  for (const { weights } of ranges) {
    for (const values of weights.values()) if (!values.every(Number.isFinite)) throw diverged();
  }
  const { frameCount, normalization } = ranges[0].target;
  const tileCount = ranges.reduce((sum, { target }) => sum + target.tiles.count, 0);
  const motion = new Float32Array(tileCount * frameCount * 2);
  const tiles = ranges.flatMap(({ target, weights }) => {
    const { first, count } = target.tiles;
    motion.set(toGroupMotion(weights, count), first * frameCount * 2);
    return toTileWeights({ network, tiles: count, width }, weights);
  });
  const decoders = {
    frameCount,
    startsScene,
    mean: new Array(CHANNELS).fill(normalization.mean),
    deviation: new Array(CHANNELS).fill(normalization.deviation),
    tiles,
    motion,
  };
  return writeGroup(network, quantize(decoders, steps));
}
