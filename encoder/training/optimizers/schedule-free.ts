import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import { BETA2, type OptimizerInputs } from "./adam.js";

const BETA1 = 0.9;
const EPSILON = 1e-8;

/** Schedule values per step: learning rate, weight of the newest z in the average, 1 / (1 - beta2^t). */
export const SCHEDULE_FREE_LENGTH = 3;

/** Returns the names of a parameter's buffers in the state of the training loop: the sequence z and the second moment. */
export const scheduleFreeBufferNames = (name: string): readonly [z: string, secondMoment: string] => [
  `${name}_z`,
  `${name}_v`,
];

/**
 * Builds one step of schedule-free AdamW without weight decay (A. Defazio et al. 2024, arXiv 2405.15682). The parameter
 * holds y, the point at which gradients are taken. z starts equal to the parameter. `averagedWeights` returns x, the
 * final weights.
 */
export function scheduleFreeStep(
  g: Operations,
  { parameter, gradient, schedule }: OptimizerInputs,
): LoopStep["state"] {
  const [zName, secondMomentName] = scheduleFreeBufferNames(parameter.name ?? "");
  const z = g.input(zName, parameter.shape);
  const v = g.input(secondMomentName, parameter.shape);
  const [learningRate, newestWeight, correction] = Array.from({ length: SCHEDULE_FREE_LENGTH }, (_, i) =>
    g.slice(schedule, 0, i, i + 1),
  );
  const nextV = g.add(g.scale(v, BETA2), g.scale(g.multiply(gradient, gradient), 1 - BETA2));
  const root = g.add(g.sqrt(g.multiply(nextV, correction)), g.constant(EPSILON));
  const nextZ = g.subtract(z, g.divide(g.multiply(gradient, learningRate), root));
  const x = g.subtract(g.scale(parameter, 1 / BETA1), g.scale(z, (1 - BETA1) / BETA1));
  const nextX = g.add(x, g.multiply(g.subtract(nextZ, x), newestWeight));
  const next = g.add(g.scale(nextZ, 1 - BETA1), g.scale(nextX, BETA1));
  return [
    { before: parameter, after: next },
    { before: z, after: nextZ },
    { before: v, after: nextV },
  ];
}

/** Returns the final weights x, given y = (1 - beta1) z + beta1 x. */
export const averagedWeights = (y: Float32Array, z: Float32Array): Float32Array =>
  y.map((value, i) => (value - (1 - BETA1) * z[i]) / BETA1);

/**
 * Returns the schedule for steps `from` to `to` (exclusive): [to - from, 3]. The learning rate rises linearly over the
 * first `warmupSteps` steps, then stays constant.
 */
export function scheduleFreeWarmup(
  learningRate: number,
  warmupSteps: number,
  from: number,
  to: number,
): Float32Array {
  const out = new Float32Array((to - from) * SCHEDULE_FREE_LENGTH);
  let weightSum = 0;
  for (let step = 1; step <= to; step++) {
    const current = learningRate * Math.min(1, step / Math.max(1, warmupSteps));
    weightSum += current * current;
    if (step <= from) continue;
    const row = [current, (current * current) / weightSum, 1 / (1 - BETA2 ** step)];
    out.set(row, (step - 1 - from) * SCHEDULE_FREE_LENGTH);
  }
  return out;
}
