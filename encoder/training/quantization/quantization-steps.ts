import { CHANNELS, type QuantizationSteps, type TileNetwork } from "../../../codec/internal.js";
import { type GroupTarget, windowPixels } from "../sampling/group-target.js";
import { requireWeights, type TrainingWeights } from "../weights.js";
import type { FakeQuantization } from "./fake-quantization.js";

/**
 * Returns the step sizes of all parameters in proportion to `step`, the step size of the first layer's weights. At these
 * ratios, a saved bit costs about the same error everywhere (docs/how-it-works.md, "Quantization-aware training").
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

/** Share of the steps with fake quantization. The first quarter minimizes the error only. */
const ACTIVE_SHARE = 0.75;
/** Largest 8-bit sample. */
const MAX_SAMPLE = 255;

/**
 * Returns the fake quantization of one group.
 *
 * @param lambda maximum increase of the squared error of 8-bit samples, summed over the group, per nat saved. All groups
 *   of a video have the same lambda, so that bits go where they reduce the error most.
 */
export function fakeQuantization(
  stepSizes: QuantizationSteps,
  lambda: number,
  target: Pick<GroupTarget, "frameCount" | "normalization" | "windows">,
): FakeQuantization {
  const samples = target.frameCount * CHANNELS * windowPixels(target.windows);
  // Squared errors of 8-bit samples are (255 deviation)^2 times those of normalized values.
  const normalizedLambda = lambda / ((MAX_SAMPLE * target.normalization.deviation) ** 2 * samples);
  return { stepSizes, normalizedLambda, activeShare: ACTIVE_SHARE };
}

/**
 * Rounds hidden layers and displacements to multiples of their step sizes. Heads are unchanged, because they are solved
 * again.
 */
export function roundHidden(
  network: TileNetwork,
  weights: TrainingWeights,
  stepSizes: QuantizationSteps,
): TrainingWeights {
  const rounded = new Map(weights);
  const round = (name: string, stepSize: number) =>
    rounded.set(
      name,
      requireWeights(weights, name).map((value) => Math.round(value / stepSize) * stepSize),
    );
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    round(`hidden${layer}`, stepSizes.hidden[layer]);
    round(`hidden${layer}_bias`, stepSizes.hiddenBias[layer]);
  }
  return round("motion", stepSizes.motion);
}
