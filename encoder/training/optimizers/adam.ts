import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";

/** Decay rate of the second moment. */
export const BETA2 = 0.999;
/** Added to the root of the second moment, so that the update stays finite. */
const EPSILON = 1e-8;

/** Schedule values of Adam per step: learning rate, beta1, 1 / (1 - beta1^t), 1 / (1 - beta2^t). */
export const ADAM_SCHEDULE_LENGTH = 4;

/** Tensors from which an optimizer computes the update of a parameter. */
export interface OptimizerInputs {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** The schedule values of this step. */
  readonly schedule: Tensor;
}

/** Returns the names of a parameter's moment buffers in the state of the training loop. */
export const momentBufferNames = (name: string): readonly [first: string, second: string] => [
  `${name}_m`,
  `${name}_v`,
];

/**
 * Builds one step of AdamW without weight decay (Kingma and Ba 2015; Loshchilov and Hutter 2019). Returns the updates of
 * the parameter and of its moment buffers.
 *
 * @param inputs.learningRateScale multiplies the scheduled learning rate for this parameter; default 1
 */
export function adamStep(
  g: Operations,
  { parameter, gradient, schedule, learningRateScale = 1 }: OptimizerInputs & { learningRateScale?: number },
): LoopStep["state"] {
  const [first, second] = momentBufferNames(parameter.name ?? "");
  const m = g.input(first, parameter.shape);
  const v = g.input(second, parameter.shape);
  const [learningRate, beta1, correction1, correction2] = Array.from(
    { length: ADAM_SCHEDULE_LENGTH },
    (_, i) => g.slice(schedule, 0, i, i + 1),
  );
  const nextM = g.add(g.multiply(m, beta1), g.multiply(gradient, g.subtract(g.constant(1), beta1)));
  const nextV = g.add(g.scale(v, BETA2), g.scale(g.multiply(gradient, gradient), 1 - BETA2));
  const stepSize = g.scale(g.multiply(learningRate, correction1), learningRateScale);
  const root = g.add(g.sqrt(g.multiply(nextV, correction2)), g.constant(EPSILON));
  const next = g.subtract(parameter, g.divide(g.multiply(nextM, stepSize), root));
  return [
    { before: parameter, after: next },
    { before: m, after: nextM },
    { before: v, after: nextV },
  ];
}
