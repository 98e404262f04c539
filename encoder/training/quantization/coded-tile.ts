import type { QuantizationSteps } from "../../../codec/internal.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import type { TileInputs, TileShape } from "../../tile/training-graph.js";
import type { TilePoints } from "../network/forward.js";
import type { NetworkParameters } from "../network/parameters.js";

/** How decoders will be stored, as training takes it into account. */
export interface CodingTerms {
  readonly steps: QuantizationSteps;
  /** Price of a nat: what the normalized mean squared error of one tile may grow by to save it. */
  readonly price: number;
  /** Share of the steps, counted from the end, in which numbers are rounded and priced. */
  readonly share: number;
}

/** Decoders as the reader will see them, and what storing them costs. */
export interface CodedTile {
  readonly parameters: NetworkParameters;
  readonly points: TilePoints;
  /** [1]: added to the loss. */
  readonly penalty: Tensor;
  /** [1], an input a step: 0 for plain training, 1 for coded. */
  readonly share: Tensor;
}

/**
 * Rounds hidden layers and displacements to their steps, with the straight-through estimator, and prices them.
 * The price of a number of q steps is log(1 + sqrt(q^2 + 1/4)): near the bits that an adaptive coder spends on
 * it, smooth at 0, and falling off as q grows, so that it thins weights out rather than shrinking all of them
 * (rate term as in learned compression: Balle et al. 2017; the logarithm as in Candes et al. 2008).
 * Displacements are priced by their change from frame to frame, as they are coded.
 */
export function codedTile(
  g: Operations,
  shape: TileShape,
  inputs: TileInputs,
  coding: CodingTerms,
): CodedTile {
  const { steps } = coding;
  const { parameters, points } = inputs;
  const share = g.input("coded", [1]);
  let nats: Tensor | undefined;
  const price = (tensor: Tensor, step: number): void => {
    const q = g.scale(tensor, 1 / step);
    const each = g.log(g.add(g.sqrt(g.add(g.multiply(q, q), g.constant(0.25))), g.constant(1)));
    const sum = g.reshape(g.sum(each, [0, 1, 2]), [1]);
    nats = nats === undefined ? sum : g.add(nats, sum);
  };
  const rounded = (tensor: Tensor, step: number): Tensor => {
    const nearest = g.scale(g.pass(g.scale(tensor, 1 / step)), step);
    return g.straightThrough(g.add(tensor, g.multiply(g.subtract(nearest, tensor), share)), tensor);
  };
  const hidden = parameters.hidden.map(({ weights, bias }, layer) => {
    price(weights, steps.hidden[layer]);
    price(bias, steps.hiddenBias[layer]);
    return { weights: rounded(weights, steps.hidden[layer]), bias: rounded(bias, steps.hiddenBias[layer]) };
  });
  const { motion } = points;
  const frames = motion.shape[2];
  if (frames > 1) {
    price(g.subtract(g.slice(motion, 2, 1, frames), g.slice(motion, 2, 0, frames - 1)), steps.motion);
  }
  return {
    parameters: { ...parameters, hidden },
    points: { ...points, motion: rounded(motion, steps.motion) },
    penalty: g.multiply(share, g.scale(nats as Tensor, coding.price / shape.tiles)),
    share,
  };
}
