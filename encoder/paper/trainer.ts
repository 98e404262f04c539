import { CHANNELS, headOutputs, type PaperNetwork } from "../../codec/internal.js";
import { exportLoop } from "../graph/onnx-export.js";
import type { MatmulPrecision } from "../graph/operations.js";
import type { PaperLoss, PaperOptimizer, PaperSampling } from "../options.js";
import type { TrainerName } from "../training/create-trainer.js";
import { lossScaleState } from "../training/onnx/loss-scaling.js";
import {
  type Device,
  type Feed,
  float32Tensor,
  type GraphSession,
  int64Tensor,
  loadGraph,
  uint8Tensor,
} from "../training/onnx/onnx-runtime.js";
import { matmulPrecision, type Precision } from "../training/onnx/precision.js";
import { createLoopSession, loadTensorFlow } from "../training/tfjs/tfjs-runtime.js";
import type { TrainingOptions } from "../training/trainer.js";
import type { TrainingWeights } from "../training/weights.js";
import { OPTIMIZERS, type Optimizer } from "./optimizers.js";
import { stepCost } from "./plan.js";
import { PaperSampler } from "./sampler.js";
import type { PaperTarget } from "./target.js";
import { type PaperStep, paperTrainingStep } from "./training-graph.js";

/** The networks to train: the decoders of some frames, and the shared encoder too if `learnEncoder` is set. */
export interface PaperTrainingProblem {
  readonly network: PaperNetwork;
  readonly target: PaperTarget;
  /** Hidden stacks: 1 for all frames, or one per frame in phase 1. */
  readonly stacks: number;
  readonly learnEncoder: boolean;
  /** Initial weights: encoder, stacks and heads. */
  readonly weights: TrainingWeights;
}

/** How the networks are trained. */
export interface PaperTrainingPlan {
  readonly steps: number;
  /** Points per step. Each represents a patch. */
  readonly points: number;
  readonly optimizer: PaperOptimizer;
  readonly learningRate: number;
  readonly sampling: PaperSampling;
  readonly loss: PaperLoss;
  readonly seed: number;
  /** Distinguishes the random streams of groups and phases. */
  readonly keys: readonly number[];
}

/** The trainer that runs the steps. */
export interface PaperTrainerOptions {
  readonly trainer: TrainerName;
  readonly device: Device;
  /** Threads of onnxruntime; TensorFlow.js runs in the calling thread. */
  readonly threads: number;
  /** Matrix-multiply precision of onnxruntime; default float32. */
  readonly precision?: Precision;
}

/** Limits of one run of the graph on a CPU. A run takes about one second, which is the longest that an abort waits. */
const MAX_STEPS_PER_RUN = 10;
const MAX_MULTIPLICATIONS_PER_RUN = 5e10;

/** The weights that are trained, the state of the optimizer, and the inputs that stay constant. */
interface TrainingState {
  readonly values: Map<string, Float32Array>;
  readonly shapes: Map<string, readonly number[]>;
  readonly constants: Record<string, Feed>;
}

/**
 * Trains with one graph in onnxruntime or TensorFlow.js. Both sample the same points, and their losses agree step by step.
 * @throws the signal's reason if aborted
 * @throws EncoderError `no-cuda` or `no-tfjs`
 */
export async function trainPaper(
  problem: PaperTrainingProblem,
  plan: PaperTrainingPlan,
  options: PaperTrainerOptions & TrainingOptions,
): Promise<TrainingWeights> {
  const { network, stacks, learnEncoder, target } = problem;
  const optimizer = OPTIMIZERS[plan.optimizer];
  const pixels = target.width * target.height;
  const shape = { network, stacks, frames: target.frameCount, points: plan.points, pixels };
  const build = (precision: MatmulPrecision) =>
    paperTrainingStep(shape, { learnEncoder, optimizer, loss: plan.loss, matmulPrecision: precision });
  const session = await createSession(build, options);
  try {
    const state = createState(problem, build("float32").shapes, optimizer);
    const outputs = target.frameCount * headOutputs(network);
    for (const [name, first] of lossScaleState(options.precision ?? "float32", outputs, plan.points)) {
      state.values.set(name, first);
      state.shapes.set(name, [1]);
    }
    await runSteps(session, { problem, plan, state }, options);
    const trained: TrainingWeights = new Map(problem.weights);
    for (const name of problem.weights.keys()) {
      if (state.values.has(name)) trained.set(name, optimizer.result(name, state.values));
    }
    return trained;
  } finally {
    await session.release();
  }
}

async function createSession(
  build: (precision: MatmulPrecision) => PaperStep,
  { trainer, device, threads, precision = "float32" }: PaperTrainerOptions,
): Promise<GraphSession> {
  if (trainer === "tfjs") return createLoopSession(await loadTensorFlow(device), build("float32").step);
  return loadGraph(
    (provider) => exportLoop(build(matmulPrecision(provider, precision)).step),
    device,
    threads,
  );
}

function createState(
  { target, weights, learnEncoder }: PaperTrainingProblem,
  weightShapes: PaperStep["shapes"],
  optimizer: Optimizer,
): TrainingState {
  const { frameCount, mean, deviation } = target;
  const perFrame = [frameCount, 1, 1];
  const scale = deviation.map((value) => 1 / (255 * value));
  const shift = mean.map((value, f) => -value / deviation[f]);
  const constants: Record<string, Feed> = {
    frames: uint8Tensor(target.frames, [frameCount, target.width * target.height, CHANNELS]),
    target_scale: float32Tensor(scale, perFrame),
    target_shift: float32Tensor(shift, perFrame),
  };
  const values = new Map<string, Float32Array>();
  const shapes = new Map<string, readonly number[]>();
  for (const [name, initial] of weights) {
    const shape = weightShapes.get(name) as readonly number[];
    if (!learnEncoder && name.startsWith("encoder")) {
      constants[name] = float32Tensor(initial, shape);
      continue;
    }
    for (const [key, first] of [[name, initial] as const, ...optimizer.initialState(name, initial)]) {
      values.set(key, first);
      shapes.set(key, shape);
    }
  }
  return { values, shapes, constants };
}

/** One run of `trainPaper`. */
interface PaperRun {
  readonly problem: PaperTrainingProblem;
  readonly plan: PaperTrainingPlan;
  readonly state: TrainingState;
}

/** Runs all steps and updates the values of `state`. */
async function runSteps(
  session: GraphSession,
  { problem, plan, state }: PaperRun,
  { signal, onProgress }: TrainingOptions,
): Promise<void> {
  const { values, shapes, constants } = state;
  const { points, steps: totalSteps } = plan;
  const { patch } = problem.network;
  const optimizer = OPTIMIZERS[plan.optimizer];
  const stepsPerRun = session.device === "cpu" ? cpuStepsPerRun(problem, points) : session.stepsPerRun;
  const sampler = new PaperSampler(problem.target, { ...plan, patch });
  for (let done = 0; done < totalSteps; ) {
    signal?.throwIfAborted();
    const steps = Math.min(stepsPerRun, totalSteps - done);
    const samples = sampler.sample(steps);
    const schedule = optimizer.schedule(plan.learningRate, totalSteps, done, done + steps);
    const feeds: Record<string, Feed> = {
      ...constants,
      steps: int64Tensor(BigInt64Array.of(BigInt(steps)), []),
      all_pixels: int64Tensor(samples.pixels, [steps, points * patch ** 2]),
      all_position: float32Tensor(samples.position, [steps, 1, 2, points]),
      all_schedule: float32Tensor(schedule, [steps, optimizer.scheduleLength]),
    };
    for (const [name, value] of values)
      feeds[`first_${name}`] = float32Tensor(value, shapes.get(name) as readonly number[]);
    const results = await session.run(feeds);
    for (const name of values.keys()) values.set(name, results[`next_${name}`]);
    done += steps;
    onProgress?.(done, results.loss);
  }
}

function cpuStepsPerRun(
  { network, stacks, target, learnEncoder }: PaperTrainingProblem,
  points: number,
): number {
  const cost = points * stepCost({ network, stacks, frames: target.frameCount, learnEncoder });
  return Math.max(1, Math.min(MAX_STEPS_PER_RUN, Math.floor(MAX_MULTIPLICATIONS_PER_RUN / cost)));
}
