import { CHANNELS, headOutputs, type PaperNetwork } from "../../codec/internal.js";
import { exportLoop } from "../graph/onnx-export.js";
import type { Products } from "../graph/operations.js";
import type { TrainingWeights } from "../tile/weights.js";
import type { TrainerName } from "../training/choose-trainer.js";
import { scalingState } from "../training/onnx/loss-scaling.js";
import {
  bytes,
  type Device,
  type Feed,
  floats,
  integers,
  loadGraph,
  type RunningGraph,
} from "../training/onnx/onnx-runtime.js";
import { type Precision, productsOn } from "../training/onnx/precision.js";
import { loadTensorFlow, runningLoop } from "../training/tfjs/tfjs-runtime.js";
import type { TrainingOptions } from "../training/trainer.js";
import { OPTIMIZERS, type Optimizer } from "./optimizers.js";
import type { PaperLoss, PaperOptimizer, PaperSampling } from "./options.js";
import { stepCost } from "./plan.js";
import { PaperSampler } from "./sampler.js";
import type { PaperTarget } from "./target.js";
import { type PaperStep, paperTrainingStep } from "./training-graph.js";

/** What is trained: the decoders of some frames, and the shared encoder too where `learnEncoder`. */
export interface PaperTrainingProblem {
  readonly network: PaperNetwork;
  readonly target: PaperTarget;
  /** Hidden stacks: 1 for all frames, or one a frame in phase 1. */
  readonly stacks: number;
  readonly learnEncoder: boolean;
  /** Where training begins: encoder, stacks and heads. */
  readonly weights: TrainingWeights;
}

/** How it is trained. */
export interface PaperTrainingPlan {
  readonly steps: number;
  /** Coordinates a step; each stands for a patch. */
  readonly points: number;
  readonly optimizer: PaperOptimizer;
  readonly learningRate: number;
  readonly sampling: PaperSampling;
  readonly loss: PaperLoss;
  readonly seed: number;
  /** Distinguishes the random streams of groups and phases. */
  readonly keys: readonly number[];
}

/** Steps in one run of the graph on a CPU at most, and multiplications: about a second, so that Ctrl-C need not wait. */
const STEPS_PER_RUN = 10;
const WORK_PER_RUN = 5e10;

/** Where it is trained. */
export interface PaperTrainerOptions {
  readonly trainer: TrainerName;
  readonly device: Device;
  /** Of onnxruntime; TensorFlow.js runs in the thread that calls it. */
  readonly threads: number;
  /** Of onnxruntime; default float32. */
  readonly precision?: Precision;
}

/**
 * Trains by one graph on onnxruntime or TensorFlow.js; both see the same points and agree step by step. Rejects
 * with the signal's reason, or EncoderError `no-cuda` or `no-tfjs`.
 */
export async function trainPaper(
  problem: PaperTrainingProblem,
  plan: PaperTrainingPlan,
  options: PaperTrainerOptions & TrainingOptions,
): Promise<TrainingWeights> {
  const { target } = problem;
  const optimizer = OPTIMIZERS[plan.optimizer];
  const shape = {
    network: problem.network,
    stacks: problem.stacks,
    frames: target.frameCount,
    points: plan.points,
    pixels: target.width * target.height,
  };
  const make = (products: Products) =>
    paperTrainingStep(shape, problem.learnEncoder, optimizer, plan.loss, products);
  const graph = await load(make, options);
  try {
    return await runPaperSteps(graph, make("float32").shapes, problem, plan, optimizer, options);
  } finally {
    await graph.release();
  }
}

async function load(
  make: (products: Products) => PaperStep,
  options: PaperTrainerOptions,
): Promise<RunningGraph> {
  const { trainer, device, threads, precision = "float32" } = options;
  if (trainer === "tfjs") return runningLoop(await loadTensorFlow(device), make("float32").step);
  return loadGraph((provider) => exportLoop(make(productsOn(provider, precision)).step), device, threads);
}

function constantFeeds({ target }: PaperTrainingProblem): Record<string, Feed> {
  const { frameCount, mean, deviation } = target;
  const each = [frameCount, 1, 1];
  return {
    frames: bytes(target.frames, [frameCount, target.width * target.height, CHANNELS]),
    target_scale: floats(
      deviation.map((value) => 1 / (255 * value)),
      each,
    ),
    target_shift: floats(
      mean.map((value, f) => -value / deviation[f]),
      each,
    ),
  };
}

async function runPaperSteps(
  graph: RunningGraph,
  shapes: PaperStep["shapes"],
  problem: PaperTrainingProblem,
  plan: PaperTrainingPlan,
  optimizer: Optimizer,
  options: PaperTrainerOptions & TrainingOptions,
): Promise<TrainingWeights> {
  const shapeOf = (name: string) => shapes.get(name) as readonly number[];
  const isFixed = (name: string) => !problem.learnEncoder && name.startsWith("encoder");
  const constants = constantFeeds(problem);
  const state = new Map<string, Float32Array>();
  const stateShapes = new Map<string, readonly number[]>();
  for (const [name, values] of problem.weights) {
    if (isFixed(name)) {
      constants[name] = floats(values, shapeOf(name));
      continue;
    }
    for (const [key, first] of [[name, values] as const, ...optimizer.initialState(name, values)]) {
      state.set(key, first);
      stateShapes.set(key, shapeOf(name));
    }
  }
  const { points } = plan;
  const outputs = problem.target.frameCount * headOutputs(problem.network);
  for (const [name, first] of scalingState(options.precision ?? "float32", outputs, points)) {
    state.set(name, first);
    stateShapes.set(name, [1]);
  }
  const cost =
    points * stepCost(problem.network, problem.stacks, problem.target.frameCount, problem.learnEncoder);
  const longest =
    graph.device === "cpu"
      ? Math.max(1, Math.min(STEPS_PER_RUN, Math.floor(WORK_PER_RUN / cost)))
      : graph.stepsPerRun;
  const { patch } = problem.network;
  const sampler = new PaperSampler(problem.target, { ...plan, patch });
  for (let done = 0; done < plan.steps; ) {
    options.signal?.throwIfAborted();
    const steps = Math.min(longest, plan.steps - done);
    const samples = sampler.sample(steps);
    const schedule = optimizer.schedule(plan.learningRate, plan.steps, done, done + steps);
    const feeds: Record<string, Feed> = {
      ...constants,
      steps: integers(BigInt64Array.of(BigInt(steps)), []),
      all_pixels: integers(samples.pixels, [steps, points * patch ** 2]),
      all_position: floats(samples.position, [steps, 1, 2, points]),
      all_schedule: floats(schedule, [steps, optimizer.scheduleLength]),
    };
    for (const [key, values] of state)
      feeds[`first_${key}`] = floats(values, stateShapes.get(key) as readonly number[]);
    const results = await graph.run(feeds);
    for (const key of state.keys()) state.set(key, results[`next_${key}`]);
    done += steps;
    options.onProgress?.(done, results.loss);
  }
  const trained: TrainingWeights = new Map(problem.weights);
  for (const name of problem.weights.keys()) {
    if (!isFixed(name)) trained.set(name, optimizer.result(name, state));
  }
  return trained;
}
