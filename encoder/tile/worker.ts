import type { TileNetwork } from "../../codec/internal.js";
import { type EncodedGroup, measureGroup } from "../job/measure.js";
import { serveTasks } from "../job/serve-tasks.js";
import type { TaskContext } from "../job/tasks.js";
import { createTrainer, type TileTrainerName, type TrainerSettings } from "../training/create-trainer.js";
import { type PrecisionDecision, runPrecisionTrial, TRIAL_STEPS } from "../training/onnx/precision-trial.js";
import type { GroupTarget } from "../training/sampling/group-target.js";
import { Random } from "../training/sampling/random.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";
import type { TrainingWeights } from "../training/weights.js";
import { compareKernels, type KernelComparison } from "./kernel-trial.js";
import { trainSpans } from "./train-spans.js";
import { initialWeights } from "./weights.js";

/** Trains a range of tiles of an anchor group from random weights. */
export interface TrainTask extends TrainerSettings {
  readonly network: TileNetwork;
  readonly target: GroupTarget;
  readonly width: number;
  readonly plan: TrainingPlan;
  readonly trainer: TileTrainerName;
}

const tasks = {
  train: trainTiles,
  trainSpans,
  tryPrecisions,
  compareKernels: (_: undefined): Promise<KernelComparison> => compareKernels(),
  measure: (group: EncodedGroup) => measureGroup(group, 1),
};

export type TileTasks = typeof tasks;

export default serveTasks(tasks);

async function trainTiles(task: TrainTask, { signal, reportSteps }: TaskContext): Promise<TrainingWeights> {
  const trainer = await createTrainer(task.trainer, task);
  return trainer.train(createProblem(task), task.plan, { signal, onProgress: reportSteps });
}

function tryPrecisions(task: TrainTask, { signal, reportSteps }: TaskContext): Promise<PrecisionDecision> {
  const problem = createProblem(task);
  const plan = { ...task.plan, steps: TRIAL_STEPS };
  return runPrecisionTrial(async (precision, onProgress) => {
    const trainer = await createTrainer(task.trainer, { ...task, precision });
    return trainer.train(problem, plan, {
      signal,
      onProgress(done, losses) {
        onProgress(done, losses);
        reportSteps(done);
      },
    });
  }, signal);
}

function createProblem({ network, target, width, plan }: TrainTask): TrainingProblem {
  const shape = { network, tiles: target.tiles.count, width, frames: target.frameCount };
  const weights = initialWeights(shape, new Random(plan.seed, ...plan.keys, 0));
  return { network, target, width, learnEncoder: network.encoderWidth > 0, weights };
}
