import type { QuantisationSteps, TileNetwork } from "../../codec/index.js";
import { type TrainingWeights, weightsOf } from "../training/tile-weights.js";

/**
 * Steps in proportion to one number; the ratios are where equal bits cost about equal error
 * (docs/design.md, "Quantisation").
 */
export function quantisationSteps(network: TileNetwork, step: number): QuantisationSteps {
  const hidden = Array.from({ length: network.hiddenLayers }, (_, layer) =>
    Math.fround(layer === 0 ? step : 1.5 * step),
  );
  return {
    hidden,
    hiddenBias: hidden.map(() => Math.fround(1.5 * step)),
    head: Math.fround(5 * step),
    headBias: Math.fround(5 * step),
    motion: Math.fround(2 * step),
  };
}

/** Hidden layers and displacements rounded to their steps; heads stay as they are, to be solved anew. */
export function roundHidden(
  network: TileNetwork,
  weights: TrainingWeights,
  steps: QuantisationSteps,
): TrainingWeights {
  const rounded = new Map(weights);
  const round = (name: string, step: number) =>
    rounded.set(
      name,
      weightsOf(weights, name).map((value) => Math.round(value / step) * step),
    );
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    round(`hidden${layer}`, steps.hidden[layer]);
    round(`hidden${layer}_bias`, steps.hiddenBias[layer]);
  }
  return round("motion", steps.motion);
}
