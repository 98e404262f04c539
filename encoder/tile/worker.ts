import type { QuantizationSteps, TileNetwork } from "../../codec/internal.js";
import { type EncodedGroup, measureGroup } from "../job/measure.js";
import { serveTasks } from "../job/serve-tasks.js";
import type { TaskContext } from "../job/tasks.js";
import { createTrainer, type TileTrainerName } from "../training/create-trainer.js";
import type { KernelVariant } from "../training/kernel/kernel.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { Precision } from "../training/onnx/precision.js";
import { type PrecisionDecision, runPrecisionTrial, TRIAL_STEPS } from "../training/onnx/precision-trial.js";
import { roundHidden } from "../training/quantization/quantization-steps.js";
import type { GroupTarget } from "../training/sampling/group-target.js";
import { Random } from "../training/sampling/random.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";
import type { TrainingWeights } from "../training/weights.js";
import { compareKernels, type KernelComparison } from "./kernel-trial.js";
import { solveHeads } from "./least-squares.js";
import { initialWeights, resampleMotion } from "./weights.js";

/** Threads per task. With one thread, the arithmetic does not depend on how many tasks run at the same time. */
const THREADS = 1;

/** Trains a range of tiles of one group. */
export interface TrainTask {
  readonly network: TileNetwork;
  readonly target: GroupTarget;
  readonly width: number;
  /** Initial weights; undefined: random. */
  readonly start: TrainingWeights | undefined;
  readonly plan: TrainingPlan;
  readonly trainer: TileTrainerName;
  readonly device: Device;
  readonly precision: Precision;
  /** Variant of the training kernel. */
  readonly kernel: KernelVariant;
  /** Steps to round the trained weights to before the heads are solved again; undefined: keep the trained weights. */
  readonly quantization: QuantizationSteps | undefined;
}

const tasks = {
  train: trainTiles,
  tryPrecisions,
  compareKernels: (_: undefined): Promise<KernelComparison> => compareKernels(),
  measure: (group: EncodedGroup) => measureGroup(group, THREADS),
};

export type TileTasks = typeof tasks;

export default serveTasks(tasks);

async function trainTiles(task: TrainTask, { signal, reportSteps }: TaskContext): Promise<TrainingWeights> {
  const { network, plan, trainer: name, device, precision, kernel, quantization } = task;
  const problem = createProblem(task);
  const trainer = await createTrainer(name, { device, threads: THREADS, precision, kernel });
  const trained = await trainer.train(problem, plan, { signal, onProgress: reportSteps });
  if (quantization === undefined) return trained;
  const rounded = roundHidden(network, trained, quantization);
  const heads = await solveHeads(
    { ...problem, weights: rounded },
    {
      engine: name === "kernel" ? "kernel" : "onnx",
      kernel,
      // TensorFlow.js may train on a GPU although onnxruntime's GPU library is not installed.
      device: name === "tfjs" && device === "cuda" ? "auto" : device,
      threads: THREADS,
      seed: plan.seed,
      keys: plan.keys,
      signal,
    },
  );
  return rounded.set("head", heads.head).set("head_bias", heads.bias);
}

function tryPrecisions(task: TrainTask, { signal, reportSteps }: TaskContext): Promise<PrecisionDecision> {
  const problem = createProblem(task);
  const plan = { ...task.plan, steps: TRIAL_STEPS };
  const { device, kernel } = task;
  return runPrecisionTrial(async (precision, onProgress) => {
    const trainer = await createTrainer(task.trainer, { device, threads: THREADS, precision, kernel });
    return trainer.train(problem, plan, {
      signal,
      onProgress(done, losses) {
        onProgress(done, losses);
        reportSteps(done);
      },
    });
  }, signal);
}

function createProblem({ network, target, width, start, plan }: TrainTask): TrainingProblem {
  const tiles = target.tiles.count;
  const frames = target.frameCount;
  const weights =
    start === undefined
      ? initialWeights({ network, tiles, width, frames }, new Random(plan.seed, ...plan.keys, 0))
      : resampleMotion(start, tiles, frames);
  return { network, target, width, learnEncoder: network.encoderWidth > 0, weights };
}
