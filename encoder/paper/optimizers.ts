import type { LoopStep } from "../graph/onnx-export.js";
import type { Operations } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";
import { adamStep, momentNames, SCHEDULE_LENGTH } from "../training/optimizers/adam.js";
import {
  averagedWeights,
  SCHEDULE_FREE_LENGTH,
  scheduleFreeNames,
  scheduleFreeNumbers,
  scheduleFreeStep,
} from "../training/optimizers/schedule-free.js";
import { oneCycle } from "../training/schedules/schedule.js";
import type { PaperOptimizer } from "./options.js";

/** Steps in which schedule-free AdamW's rate rises. */
const WARM_UP = 100;

/** An optimizer as the training loop needs it. */
export interface Optimizer {
  /** Numbers a step. */
  readonly scheduleLength: number;
  /** Numbers for steps `from` to `to` of `steps`. */
  schedule(rate: number, steps: number, from: number, to: number): Float32Array;
  step(g: Operations, parameter: Tensor, gradient: Tensor, schedule: Tensor): LoopStep["state"];
  /** What goes with a weight in the state, and what it begins as. */
  initialState(
    name: string,
    weights: Float32Array,
  ): readonly (readonly [name: string, first: Float32Array])[];
  /** The weights to keep, given the final state. */
  result(name: string, state: ReadonlyMap<string, Float32Array>): Float32Array;
}

const zeros = (weights: Float32Array) => new Float32Array(weights.length);

/** The optimisers of the paper profile by their option's value. */
export const OPTIMIZERS: Record<PaperOptimizer, Optimizer> = {
  "schedule-free": {
    scheduleLength: SCHEDULE_FREE_LENGTH,
    schedule: (rate, _, from, to) => scheduleFreeNumbers(rate, WARM_UP, from, to),
    step: scheduleFreeStep,
    initialState(name, weights) {
      const [fast, second] = scheduleFreeNames(name);
      return [
        [fast, weights],
        [second, zeros(weights)],
      ];
    },
    result: (name, state) =>
      averagedWeights(state.get(name) as Float32Array, state.get(scheduleFreeNames(name)[0]) as Float32Array),
  },
  "adam-onecycle": {
    scheduleLength: SCHEDULE_LENGTH,
    schedule: oneCycle,
    step: (g, parameter, gradient, schedule) => adamStep(g, parameter, gradient, schedule, 1),
    initialState: (name, weights) =>
      momentNames(name).map((momentName) => [momentName, zeros(weights)] as const),
    result: (name, state) => state.get(name) as Float32Array,
  },
};
