import type { PaperNetwork } from "../../codec/internal.js";
import { loadPaperTarget } from "../../encoder/paper/target.js";
import type { PaperTrainingPlan, PaperTrainingProblem } from "../../encoder/paper/trainer.js";
import { initialPaperWeights } from "../../encoder/paper/weights.js";
import { tileNetwork } from "../../encoder/plan/tile-grid.js";
import { loadBlockFrames } from "../../encoder/tile/block-frames.js";
import { resolveTileOptions } from "../../encoder/tile/options.js";
import { spanTarget } from "../../encoder/tile/spans.js";
import { initialWeights } from "../../encoder/tile/weights.js";
import {
  fakeQuantization,
  quantizationSteps,
} from "../../encoder/training/quantization/quantization-steps.js";
import { Random } from "../../encoder/training/sampling/random.js";
import type { Trainer, TrainingPlan, TrainingProblem } from "../../encoder/training/trainer.js";
import { probeVideo, readFrames } from "../../media/index.js";
import { clip } from "./clips.js";

/** Describes a training problem and plan. */
export interface TrainingSetup {
  /** Width of the shared encoder, which is trained too. Default 0: no shared encoder. */
  readonly encoderWidth?: number;
  /** Whether to use quantization-aware training in the last three quarters of the steps. Default false. */
  readonly quantized?: boolean;
  readonly steps: number;
  readonly points: number;
  /** Size of the frames in pixels, default 120 x 68, which is six tiles. */
  readonly frame?: { readonly width: number; readonly height: number };
  /** Number of frames, default 8. */
  readonly frames?: number;
  /** Width of the decoders, default 16. */
  readonly width?: number;
  /** Sine layers per decoder, default 3. */
  readonly hiddenLayers?: number;
}

/** Returns the first frames of the clip "bunny" as a training problem, with all tiles in one task, and a plan for it. */
export async function realTraining(
  setup: TrainingSetup,
): Promise<{ problem: TrainingProblem; plan: TrainingPlan }> {
  const input = await clip("bunny");
  const info = await probeVideo(input);
  const { encoderWidth = 0, steps, points, frames: frameCount = 8, width = 16, hiddenLayers } = setup;
  const size = setup.frame ?? { width: 120, height: 68 };
  const { training } = resolveTileOptions({ input, output: "a.siedd", hiddenLayers });
  const network = { ...tileNetwork(size.width, size.height, training), encoderWidth };
  const tiles = network.rows * network.columns;
  const source = readFrames(input, info, { ...size, firstFrame: 0, frameCount });
  const request = { network, size, firstFrame: 0, frameCounts: [frameCount] };
  const { targets } = await loadBlockFrames(source, { ...request, ranges: [{ first: 0, count: tiles }] });
  await source.return(undefined);
  const target = spanTarget(targets[0], { level: 0, group: 0, tiles: [...Array(tiles).keys()] });
  const weights = initialWeights({ network, tiles, width, frames: frameCount }, new Random(7));
  const quantization = fakeQuantization(quantizationSteps(network, 2e-3), 8000, target);
  return {
    problem: { network, target, width, learnEncoder: encoderWidth > 0, weights },
    plan: {
      steps,
      points,
      learningRate: 4e-3,
      motionLearningRate: 3e-3,
      seed: 7,
      keys: [1],
      ...(setup.quantized ? { quantization } : {}),
    },
  };
}

/**
 * Returns the first frames of the clip "bunny" as a group of the paper profile, or with `learnEncoder` as anchor frames of
 * phase 1, and a plan for them.
 */
export async function realPaperTraining(setup: {
  readonly network: PaperNetwork;
  readonly learnEncoder: boolean;
  readonly frames: number;
  readonly frame: { readonly width: number; readonly height: number };
  readonly plan: Pick<PaperTrainingPlan, "steps" | "points"> & Partial<PaperTrainingPlan>;
}): Promise<{ problem: PaperTrainingProblem; plan: PaperTrainingPlan }> {
  const { network, learnEncoder, frames, frame } = setup;
  const input = await clip("bunny");
  const info = await probeVideo(input);
  const source = readFrames(input, info, { ...frame, firstFrame: 0, frameCount: frames });
  const target = await loadPaperTarget(source, frames, frame);
  await source.return(undefined);
  const stacks = learnEncoder ? frames : 1;
  const weights = initialPaperWeights({ network, stacks, frames }, new Random(1));
  const published = { optimizer: "schedule-free", sampling: "without", loss: "mse" } as const;
  return {
    problem: { network, target, stacks, learnEncoder, weights },
    plan: { ...published, learningRate: 1e-4, seed: 3, keys: [2, 5], ...setup.plan },
  };
}

/** Trains. Returns the mean squared error of every step, the weights, and the steps per second without the first run. */
export async function lossesOf(
  trainer: Trainer,
  { problem, plan }: { problem: TrainingProblem; plan: TrainingPlan },
): Promise<{ losses: number[]; weights: Map<string, Float32Array>; stepsPerSecond: number }> {
  const losses: number[] = [];
  const runs: { done: number; time: number }[] = [];
  const weights = await trainer.train(problem, plan, {
    onProgress(done, newLosses) {
      losses.push(...newLosses);
      runs.push({ done, time: performance.now() });
    },
  });
  const [first, last] = [runs[0], runs[runs.length - 1]];
  const stepsPerSecond = (1000 * (last.done - first.done)) / (last.time - first.time);
  return { losses, weights, stepsPerSecond };
}
