import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";

/** Decay of the second moment and the term that keeps its root from 0. */
export const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Numbers of one step: learning rate, beta1, 1 / (1 - beta1^t), 1 / (1 - beta2^t). */
export const SCHEDULE_LENGTH = 4;

/** Names of a parameter's moments in the loop's state. */
export const momentNames = (name: string): readonly [first: string, second: string] => [
  `${name}_m`,
  `${name}_v`,
];

/**
 * One step of AdamW without decay (Kingma and Ba 2015, Loshchilov and Hutter 2019): what the parameter and
 * its moments become. `rate` scales the learning rate of this parameter.
 */
export function adamStep(
  g: Operations,
  parameter: Tensor,
  gradient: Tensor,
  schedule: Tensor,
  rate: number,
): LoopStep["state"] {
  const [first, second] = momentNames(parameter.name ?? "");
  const m = g.input(first, parameter.shape);
  const v = g.input(second, parameter.shape);
  const [learningRate, beta1, correction1, correction2] = Array.from({ length: SCHEDULE_LENGTH }, (_, i) =>
    g.slice(schedule, 0, i, i + 1),
  );
  const nextM = g.add(g.multiply(m, beta1), g.multiply(gradient, g.subtract(g.constant(1), beta1)));
  const nextV = g.add(g.scale(v, BETA2), g.scale(g.multiply(gradient, gradient), 1 - BETA2));
  const size = g.scale(g.multiply(learningRate, correction1), rate);
  const root = g.add(g.sqrt(g.multiply(nextV, correction2)), g.constant(EPSILON));
  const next = g.subtract(parameter, g.divide(g.multiply(nextM, size), root));
  return [
    { before: parameter, after: next },
    { before: m, after: nextM },
    { before: v, after: nextV },
  ];
}
