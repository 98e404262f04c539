import type { LoopStep } from "../graph/onnx-export.js";
import type { Operations } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";
import type { PaperOptimizer } from "../options.js";
import { ADAM_SCHEDULE_LENGTH, adamStep, momentBufferNames } from "../training/optimizers/adam.js";
import {
  averagedWeights,
  SCHEDULE_FREE_LENGTH,
  scheduleFreeBufferNames,
  scheduleFreeStep,
  scheduleFreeWarmup,
} from "../training/optimizers/schedule-free.js";
import { oneCycle } from "../training/schedules/schedule.js";
import { requireWeights, type TrainingWeights } from "../training/weights.js";

/** Steps over which the learning rate of schedule-free AdamW warms up. */
const WARMUP_STEPS = 100;

/** The interface between an optimizer and the training loop. */
export interface Optimizer {
  /** Number of schedule values per step. */
  readonly scheduleLength: number;
  /** Returns the schedule of steps `from` to `to` of `steps`: [to - from, scheduleLength]. */
  schedule(learningRate: number, steps: number, from: number, to: number): Float32Array;
  /** Adds the update of a parameter to the graph. `schedule`: [scheduleLength], the values of the step. */
  step(g: Operations, parameter: Tensor, gradient: Tensor, schedule: Tensor): LoopStep["state"];
  /** Returns the buffers that the optimizer keeps for a weight, with their initial values. */
  initialState(
    name: string,
    weights: Float32Array,
  ): readonly (readonly [name: string, initial: Float32Array])[];
  /** Returns the trained weights, given the final state. */
  result(name: string, state: TrainingWeights): Float32Array;
}

const zerosLike = (weights: Float32Array) => new Float32Array(weights.length);

/** The optimizers of the paper profile by the value of the option. */
export const OPTIMIZERS: Record<PaperOptimizer, Optimizer> = {
  "schedule-free": {
    scheduleLength: SCHEDULE_FREE_LENGTH,
    schedule: (learningRate, _, from, to) => scheduleFreeWarmup(learningRate, WARMUP_STEPS, from, to),
    step: (g, parameter, gradient, schedule) => scheduleFreeStep(g, { parameter, gradient, schedule }),
    initialState(name, weights) {
      const [zName, secondMomentName] = scheduleFreeBufferNames(name);
      return [
        [zName, weights],
        [secondMomentName, zerosLike(weights)],
      ];
    },
    result(name, state) {
      const [zName] = scheduleFreeBufferNames(name);
      return averagedWeights(requireWeights(state, name), requireWeights(state, zName));
    },
  },
  "adam-onecycle": {
    scheduleLength: ADAM_SCHEDULE_LENGTH,
    schedule: oneCycle,
    step: (g, parameter, gradient, schedule) => adamStep(g, { parameter, gradient, schedule }),
    initialState: (name, weights) =>
      momentBufferNames(name).map((bufferName) => [bufferName, zerosLike(weights)] as const),
    result: (name, state) => requireWeights(state, name),
  },
};
