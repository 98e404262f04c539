import {
  CHANNELS,
  type QuantizationSteps,
  quantize,
  type TileNetwork,
  writeGroup,
} from "../../codec/internal.js";
import { diverged } from "../errors.js";
import type { GroupTarget } from "./group-target.js";
import { extractMotion, extractTileWeights, type TrainingWeights } from "./weights.js";

/** Joins the runs of tiles of one group, quantizes them and codes them: the payload of its sample. */
export function groupPayload(
  network: TileNetwork,
  targets: readonly Pick<GroupTarget, "frameCount" | "normalization" | "tiles">[],
  parts: readonly TrainingWeights[],
  width: number,
  steps: QuantizationSteps,
  startsScene: boolean,
): Uint8Array {
  for (const part of parts) for (const values of part.values()) requireFinite(values);
  const { frameCount, normalization } = targets[0];
  const motion = new Float32Array(
    targets.reduce((sum, target) => sum + target.tiles.count, 0) * frameCount * 2,
  );
  const tiles = parts.flatMap((weights, i) => {
    const { first, count } = targets[i].tiles;
    motion.set(extractMotion(weights, count), first * frameCount * 2);
    return Array.from({ length: count }, (_, tile) =>
      extractTileWeights(network, weights, count, width, tile),
    );
  });
  const group = {
    frameCount,
    startsScene,
    mean: new Array(CHANNELS).fill(normalization.mean),
    deviation: new Array(CHANNELS).fill(normalization.deviation),
    tiles,
    motion,
  };
  return writeGroup(network, quantize(group, steps));
}

function requireFinite(values: Float32Array): void {
  if (!values.every(Number.isFinite)) throw diverged();
}
