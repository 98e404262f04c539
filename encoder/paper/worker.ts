import {
  type DecoderAsset,
  type PaperEncoder,
  type PaperNetwork,
  writePaperGroup,
} from "../../codec/internal.js";
import { diverged } from "../errors.js";
import type { FinishedGroup } from "../job/checkpoints.js";
import { measureGroup } from "../job/measure.js";
import { serveTasks } from "../job/serve-tasks.js";
import type { TaskContext } from "../job/tasks.js";
import type { TrainerName } from "../training/create-trainer.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import { type PrecisionDecision, runPrecisionTrial, TRIAL_STEPS } from "../training/onnx/precision-trial.js";
import { Random } from "../training/sampling/random.js";
import type { TrainingWeights } from "../training/weights.js";
import type { PaperTarget } from "./target.js";
import { type PaperTrainingPlan, type PaperTrainingProblem, trainPaper } from "./trainer.js";
import { initialPaperWeights, quantizeGroup, withEncoder } from "./weights.js";

interface PaperTask {
  readonly network: PaperNetwork;
  readonly target: PaperTarget;
  readonly plan: PaperTrainingPlan;
  readonly trainer: TrainerName;
  readonly device: Device;
  readonly precision: Precision;
  /** Threads of onnxruntime; the weights do not depend on them. */
  readonly threads: number;
}

/** Phase 1: trains the shared encoder, and a stack and a head per anchor frame. */
export interface TrainAnchorsTask extends PaperTask {
  /** Shared encoder of another asset to reuse; undefined: phase 1 trains one. */
  readonly encoder: PaperEncoder | undefined;
}

/** Phase 2: trains, quantizes, encodes and measures one group. */
export interface TrainGroupTask extends PaperTask {
  readonly index: number;
  readonly asset: DecoderAsset & { readonly profile: "paper" };
  /** Stack and heads to start from. */
  readonly start: TrainingWeights;
}

const tasks = { trainAnchors, tryPrecisions, trainGroup };

export type PaperTasks = typeof tasks;

export default serveTasks(tasks);

async function trainAnchors(task: TrainAnchorsTask, context: TaskContext): Promise<TrainingWeights> {
  return train(task, createAnchorsProblem(task), context);
}

async function trainGroup(task: TrainGroupTask, context: TaskContext): Promise<FinishedGroup> {
  const { network, target, asset, index, threads } = task;
  const weights = withEncoder(task.start, asset.encoder);
  const problem = { network, target, stacks: 1, learnEncoder: false, weights };
  const payload = writePaperGroup(quantizeGroup(network, await train(task, problem, context), target));
  const frames = target.clean ?? target.frames;
  return { payload, psnr: await measureGroup({ asset, index, payload, frames }, threads) };
}

function tryPrecisions(
  task: TrainAnchorsTask,
  { signal, reportSteps }: TaskContext,
): Promise<PrecisionDecision> {
  const { trainer, device, threads } = task;
  const problem = createAnchorsProblem(task);
  const plan = { ...task.plan, steps: TRIAL_STEPS };
  return runPrecisionTrial(
    (precision, onProgress) =>
      trainPaper(problem, plan, {
        trainer,
        device,
        threads,
        precision,
        signal,
        onProgress(done, losses) {
          onProgress(done, losses);
          reportSteps(done);
        },
      }),
    signal,
  );
}

function createAnchorsProblem({ network, target, plan, encoder }: TrainAnchorsTask): PaperTrainingProblem {
  const stacks = target.frameCount;
  const random = new Random(plan.seed, ...plan.keys, 0);
  const initial = initialPaperWeights({ network, stacks, frames: stacks }, random);
  const weights = encoder === undefined ? initial : withEncoder(initial, encoder);
  return { network, target, stacks, learnEncoder: encoder === undefined, weights };
}

async function train(
  { plan, trainer, device, threads, precision }: PaperTask,
  problem: PaperTrainingProblem,
  { signal, reportSteps }: TaskContext,
): Promise<TrainingWeights> {
  const options = { trainer, device, threads, precision, signal, onProgress: reportSteps };
  const trained = await trainPaper(problem, plan, options);
  for (const values of trained.values()) if (!values.every(Number.isFinite)) throw diverged();
  return trained;
}
