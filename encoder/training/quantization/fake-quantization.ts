import type { QuantizationSteps } from "../../../codec/internal.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import type { TilePoints } from "../network/forward.js";
import type { NetworkParameters } from "../network/parameters.js";
import type { TileInputs, TileShape } from "../network/tile-inputs.js";

/** Settings of quantization-aware training for a group. */
export interface FakeQuantization {
  readonly stepSizes: QuantizationSteps;
  /** Maximum increase of one tile's normalized mean squared error per nat saved. */
  readonly normalizedLambda: number;
  /** Share of the steps, at the end, in which fake quantization and the rate term are active. */
  readonly activeShare: number;
}

/** Fake-quantized decoders, as a reader of the asset will see them, and their storage cost. */
export interface QuantizedTile {
  readonly parameters: NetworkParameters;
  readonly points: TilePoints;
  /** [1]: rate term of the loss. */
  readonly rateTerm: Tensor;
  /** [1], a per-step input: 1 if fake quantization is active, else 0. */
  readonly strength: Tensor;
}

/**
 * Builds the fake quantization of hidden layers and displacements, with the straight-through estimator, and its rate term.
 *
 * The rate of an integer q is log(1 + sqrt(q^2 + 1/4)) nats. It approximates the cost of q in an adaptive coder and is
 * smooth at 0. It grows slowly, so that it makes weights sparse instead of shrinking all of them (rate term as in learned
 * compression: Balle et al. 2017; logarithm: Candes et al. 2008). The rate of displacements is that of their deltas from
 * frame to frame, because the asset stores deltas.
 */
export function fakeQuantizeTile(
  g: Operations,
  shape: TileShape,
  inputs: TileInputs,
  { stepSizes, normalizedLambda }: FakeQuantization,
): QuantizedTile {
  const { parameters, points } = inputs;
  const strength = g.input("strength", [1]);
  let rate: Tensor | undefined;
  const addRate = (tensor: Tensor, stepSize: number): void => {
    const q = g.scale(tensor, 1 / stepSize);
    const nats = g.log(g.add(g.sqrt(g.add(g.multiply(q, q), g.constant(0.25))), g.constant(1)));
    const sum = g.reshape(g.sum(nats, [0, 1, 2]), [1]);
    rate = rate === undefined ? sum : g.add(rate, sum);
  };
  const fakeQuantize = (tensor: Tensor, stepSize: number): Tensor => {
    const nearest = g.scale(g.round(g.scale(tensor, 1 / stepSize)), stepSize);
    return g.straightThrough(g.add(tensor, g.multiply(g.subtract(nearest, tensor), strength)), tensor);
  };
  const hidden = parameters.hidden.map(({ weights, bias }, layer) => {
    const weightStep = stepSizes.hidden[layer];
    const biasStep = stepSizes.hiddenBias[layer];
    addRate(weights, weightStep);
    addRate(bias, biasStep);
    return { weights: fakeQuantize(weights, weightStep), bias: fakeQuantize(bias, biasStep) };
  });
  const { motion } = points;
  const frames = motion.shape[2];
  if (frames > 1) {
    const deltas = g.subtract(g.slice(motion, 2, 1, frames), g.slice(motion, 2, 0, frames - 1));
    addRate(deltas, stepSizes.motion);
  }
  return {
    parameters: { ...parameters, hidden },
    points: { ...points, motion: fakeQuantize(motion, stepSizes.motion) },
    rateTerm: g.multiply(strength, g.scale(rate as Tensor, normalizedLambda / shape.tiles)),
    strength,
  };
}
