import { gradients } from "../../graph/gradient.js";
import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import { size, type Tensor } from "../../graph/tensor.js";
import type { Precision } from "./precision.js";

/** Name of the factor in the loop's state. */
const LOSS_SCALE = "loss_scale";
/** What the factor grows by in a step: after a halving, 256 steps bring it back. */
const GROWTH = 2 ** (1 / 256);

/** Slopes to descend by, and what computing them keeps from step to step. */
export interface Slopes {
  readonly slopes: readonly Tensor[];
  readonly state: LoopStep["state"];
}

/**
 * d loss / d each of `wrt`. Half precision knows nothing below 6e-8, so there the loss is multiplied before its
 * derivatives are taken, and they are divided again in float32 (Micikevicius et al. 2018, arXiv 1710.03740). Where
 * one of them overflowed, the step counts as one of slope 0 and the factor is halved; `most` is where it began.
 */
export function slopesOf(g: Operations, loss: Tensor, wrt: readonly Tensor[], max: number): Slopes {
  if (g.products === "float32") return { slopes: gradients(g, loss, wrt), state: [] };
  const scale = g.input(LOSS_SCALE, [1]);
  const scaled = gradients(g, g.multiply(loss, scale), wrt);
  const all = g.concat(
    scaled.map((slope) => g.reshape(slope, [size(slope.shape)])),
    0,
  );
  // 0 times infinity is no number, and neither is a sum with it.
  const finite = g.equal(g.sum(g.scale(all, 0), [0]), g.constant([0], [1]));
  const grown = g.minimum(g.scale(scale, GROWTH), g.constant([max], [1]));
  const zero = g.constant(0);
  return {
    slopes: scaled.map((slope) => g.where(finite, g.divide(slope, scale), zero)),
    state: [{ before: scale, after: g.where(finite, grown, g.scale(scale, 0.5)) }],
  };
}

/**
 * The factor to begin with, a power of 2. With a mean over `outputs` values at each of `points` points it makes the
 * slope at one value sqrt(points) times smaller than the error there, so that neither slopes of single points
 * vanish nor their sums over all points overflow.
 */
export const firstLossScale = (outputs: number, points: number): number =>
  2 ** Math.floor(Math.log2(outputs * Math.sqrt(points)));

/** State that `slopesOf` adds to a loop, as it begins; every one has one number. */
export const scalingState = (
  precision: Precision,
  outputs: number,
  points: number,
): readonly (readonly [name: string, first: Float32Array])[] =>
  precision === "float32" ? [] : [[LOSS_SCALE, Float32Array.of(firstLossScale(outputs, points))]];
