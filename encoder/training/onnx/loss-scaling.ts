import { gradients } from "../../graph/gradient.js";
import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import { size, type Tensor } from "../../graph/tensor.js";
import type { Precision } from "./precision.js";

/** Name of the loss scale in the loop's state. */
const LOSS_SCALE = "loss_scale";
/** Growth of the scale per step. 256 steps compensate for one backoff. */
const GROWTH_FACTOR = 2 ** (1 / 256);
/** Factor by which the scale changes after an overflow. */
const BACKOFF_FACTOR = 0.5;

/** Gradients, and the state that loss scaling carries from step to step. */
export interface ScaledGradients {
  readonly gradients: readonly Tensor[];
  readonly state: LoopStep["state"];
}

/**
 * Builds the gradients of `loss` with respect to each tensor of `wrt`. Half precision cannot represent values below 6e-8,
 * so the loss is multiplied by a scale before differentiation, and the gradients are divided by it in float32
 * (Micikevicius et al. 2018, arXiv 1710.03740). If a gradient overflows, all gradients of the step are 0 and the scale is
 * halved.
 *
 * @param maxScale upper bound of the scale
 */
export function scaledGradients(
  g: Operations,
  loss: Tensor,
  wrt: readonly Tensor[],
  maxScale: number,
): ScaledGradients {
  if (g.matmulPrecision === "float32") return { gradients: gradients(g, loss, wrt), state: [] };
  const scale = g.input(LOSS_SCALE, [1]);
  const scaled = gradients(g, g.multiply(loss, scale), wrt);
  const flattened = g.concat(
    scaled.map((gradient) => g.reshape(gradient, [size(gradient.shape)])),
    0,
  );
  // 0 times infinity is NaN, and so is every sum that contains it.
  const finite = g.equal(g.sum(g.scale(flattened, 0), [0]), g.constant([0], [1]));
  const grown = g.minimum(g.scale(scale, GROWTH_FACTOR), g.constant([maxScale], [1]));
  const zero = g.constant(0);
  return {
    gradients: scaled.map((gradient) => g.where(finite, g.divide(gradient, scale), zero)),
    state: [{ before: scale, after: g.where(finite, grown, g.scale(scale, BACKOFF_FACTOR)) }],
  };
}

/**
 * Returns the initial loss scale, a power of 2, for a mean over `outputs` values at each of `points` points. The gradient
 * of one value is then sqrt(points) times smaller than its error. Gradients of single points then do not underflow, and
 * their sums over all points do not overflow.
 */
export const initialLossScale = (outputs: number, points: number): number =>
  2 ** Math.floor(Math.log2(outputs * Math.sqrt(points)));

/** Returns the initial values of the state that `scaledGradients` adds to a loop. Each has one element. */
export const lossScaleState = (
  precision: Precision,
  outputs: number,
  points: number,
): readonly (readonly [name: string, first: Float32Array])[] =>
  precision === "float32" ? [] : [[LOSS_SCALE, Float32Array.of(initialLossScale(outputs, points))]];
