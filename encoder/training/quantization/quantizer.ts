import { CHANNELS, type QuantizationSteps, type TileNetwork } from "../../../codec/internal.js";
import { type GroupTarget, windowPixels } from "../../tile/group-target.js";
import { type TrainingWeights, requireWeights } from "../../tile/weights.js";
import type { CodingTerms } from "./coded-tile.js";

/**
 * Steps in proportion to one number; the ratios are where equal bits cost about equal error
 * (docs/design.md, "Quantization").
 */
export function quantizationSteps(network: TileNetwork, step: number): QuantizationSteps {
  const hidden = Array.from({ length: network.hiddenLayers }, (_, layer) =>
    Math.fround(layer === 0 ? step : 1.5 * step),
  );
  return {
    hidden,
    hiddenBias: hidden.map(() => Math.fround(1.5 * step)),
    head: Math.fround(6 * step),
    headBias: Math.fround(6 * step),
    motion: Math.fround(2.5 * step),
  };
}

/** Steps in which training knows how its numbers will be stored: the first ones look for the picture alone. */
const CODED_SHARE = 0.75;
/** Squared errors of 8-bit values and in normalized ones differ by (255 deviation)^2. */
const WHITE = 255;

/**
 * The price of a nat for one group. `worth` is what a nat may cost in squared error of 8-bit samples, summed
 * over the group: the same everywhere, so that bits go where they lower the error most.
 */
export function codingTerms(
  steps: QuantizationSteps,
  lambda: number,
  target: Pick<GroupTarget, "frameCount" | "normalization" | "windows">,
): CodingTerms {
  const samples = target.frameCount * CHANNELS * windowPixels(target.windows);
  const price = lambda / ((WHITE * target.normalization.deviation) ** 2 * samples);
  return { steps, price, share: CODED_SHARE };
}

/** Hidden layers and displacements rounded to their steps; heads stay as they are, to be solved anew. */
export function roundHidden(
  network: TileNetwork,
  weights: TrainingWeights,
  steps: QuantizationSteps,
): TrainingWeights {
  const rounded = new Map(weights);
  const pass = (name: string, step: number) =>
    rounded.set(
      name,
      requireWeights(weights, name).map((value) => Math.round(value / step) * step),
    );
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    pass(`hidden${layer}`, steps.hidden[layer]);
    pass(`hidden${layer}_bias`, steps.hiddenBias[layer]);
  }
  return pass("motion", steps.motion);
}
