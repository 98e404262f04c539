import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import { BETA2 } from "./adam.js";

const BETA1 = 0.9;
const EPSILON = 1e-8;

/** Numbers of one step: learning rate, weight of the newest point in the average, 1 / (1 - beta2^t). */
export const SCHEDULE_FREE_LENGTH = 3;

/** Names of what goes with a parameter in the loop's state: the fast sequence z and the second moment. */
export const scheduleFreeNames = (name: string): readonly [fast: string, second: string] => [
  `${name}_z`,
  `${name}_v`,
];

/**
 * One step of schedule-free AdamW without decay (A. Defazio et al. 2024, arXiv 2405.15682). The parameter holds
 * y, where gradients are taken; z begins where the parameter does; `averagedWeights` gives x, the weights to keep.
 */
export function scheduleFreeStep(
  g: Operations,
  parameter: Tensor,
  gradient: Tensor,
  schedule: Tensor,
): LoopStep["state"] {
  const [fast, second] = scheduleFreeNames(parameter.name ?? "");
  const z = g.input(fast, parameter.shape);
  const v = g.input(second, parameter.shape);
  const [rate, newest, correction] = Array.from({ length: SCHEDULE_FREE_LENGTH }, (_, i) =>
    g.slice(schedule, 0, i, i + 1),
  );
  const nextV = g.add(g.scale(v, BETA2), g.scale(g.multiply(gradient, gradient), 1 - BETA2));
  const root = g.add(g.sqrt(g.multiply(nextV, correction)), g.constant(EPSILON));
  const nextZ = g.subtract(z, g.divide(g.multiply(gradient, rate), root));
  const x = g.subtract(g.scale(parameter, 1 / BETA1), g.scale(z, (1 - BETA1) / BETA1));
  const nextX = g.add(x, g.multiply(g.subtract(nextZ, x), newest));
  const next = g.add(g.scale(nextZ, 1 - BETA1), g.scale(nextX, BETA1));
  return [
    { before: parameter, after: next },
    { before: z, after: nextZ },
    { before: v, after: nextV },
  ];
}

/** The weights to keep: x of y = (1 - beta1) z + beta1 x. */
export const averagedWeights = (y: Float32Array, z: Float32Array): Float32Array =>
  y.map((value, i) => (value - (1 - BETA1) * z[i]) / BETA1);

/** [to - from, 3] numbers for steps `from` to `to`, the rate rising linearly over the first `warmUp`. */
export function scheduleFreeNumbers(rate: number, warmUp: number, from: number, to: number): Float32Array {
  const out = new Float32Array((to - from) * SCHEDULE_FREE_LENGTH);
  let weights = 0;
  for (let step = 1; step <= to; step++) {
    const now = rate * Math.min(1, step / Math.max(1, warmUp));
    weights += now * now;
    if (step <= from) continue;
    out.set([now, (now * now) / weights, 1 / (1 - BETA2 ** step)], (step - 1 - from) * SCHEDULE_FREE_LENGTH);
  }
  return out;
}
