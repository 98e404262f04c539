import type { PaperNetwork } from "../../codec/internal.js";
import { resolveOptions } from "../../encoder/options.js";
import { loadTarget } from "../../encoder/paper/target.js";
import type { PaperPlan, PaperProblem } from "../../encoder/paper/trainer.js";
import { initialPaperWeights } from "../../encoder/paper/weights.js";
import { planGroups } from "../../encoder/plan/groups.js";
import { tileNetwork } from "../../encoder/plan/tile-grid.js";
import { loadGroupFrames } from "../../encoder/tile/group-frames.js";
import { initialWeights } from "../../encoder/tile/weights.js";
import { codingTerms, quantizationSteps } from "../../encoder/training/quantization/quantizer.js";
import { Random } from "../../encoder/training/sampling/random.js";
import type { Trainer, TrainingPlan, TrainingProblem } from "../../encoder/training/trainer.js";
import { probeVideo, readFrames } from "../../media/index.js";
import { clip } from "./clips.js";

/** What a trial of a trainer varies. */
export interface Trial {
  /** Width of the shared encoder, which is learned too; 0 for none. */
  readonly encoderWidth?: number;
  /** Whether numbers are rounded and priced, for the last three quarters of the steps. */
  readonly coded?: boolean;
  readonly steps: number;
  readonly points: number;
  /** Pixels, default 120 x 68: six tiles. */
  readonly frame?: { readonly width: number; readonly height: number };
  /** Default 8. */
  readonly frames?: number;
  /** Width of the decoders, default 16. */
  readonly width?: number;
  /** Sine layers of a decoder, default 3. */
  readonly hiddenLayers?: number;
}

/** The first frames of bunny, and a plan to train them as one job: real pixels. */
export async function realTraining(trial: Trial): Promise<{ problem: TrainingProblem; plan: TrainingPlan }> {
  const input = await clip("bunny");
  const info = await probeVideo(input);
  const {
    encoderWidth = 0,
    steps,
    points,
    frame = { width: 120, height: 68 },
    width = 16,
    hiddenLayers,
  } = trial;
  const { training } = resolveOptions({ input, output: "", hiddenLayers });
  const network = { ...tileNetwork(frame.width, frame.height, training), encoderWidth };
  const tiles = network.rows * network.columns;
  const frameCount = trial.frames ?? 8;
  const [group] = planGroups(frameCount, [], info.frameRate);
  const source = readFrames(input, info, { ...frame, firstFrame: 0, frameCount });
  const { targets } = await loadGroupFrames(source, group, network, [{ first: 0, count: tiles }], frame);
  await source.return(undefined);
  const [target] = targets;
  const weights = initialWeights(network, tiles, width, frameCount, new Random(7));
  const terms = codingTerms(quantizationSteps(network, 2e-3), 8000, target);
  return {
    problem: { network, target, width, learnEncoder: encoderWidth > 0, weights },
    plan: {
      steps,
      points,
      rate: 4e-3,
      motionRate: 3e-3,
      seed: 7,
      keys: [1],
      ...(trial.coded ? { coding: terms } : {}),
    },
  };
}

/** The first frames of bunny as a group of the paper profile, or with `learnEncoder` as anchor frames of phase 1. */
export async function realPaperTraining(trial: {
  readonly network: PaperNetwork;
  readonly learnEncoder: boolean;
  readonly frames: number;
  readonly frame: { readonly width: number; readonly height: number };
  readonly plan: Pick<PaperPlan, "steps" | "points"> & Partial<PaperPlan>;
}): Promise<{ problem: PaperProblem; plan: PaperPlan }> {
  const { network, learnEncoder, frames, frame } = trial;
  const input = await clip("bunny");
  const info = await probeVideo(input);
  const source = readFrames(input, info, { ...frame, firstFrame: 0, frameCount: frames });
  const target = await loadTarget(source, frames, frame);
  await source.return(undefined);
  const stacks = learnEncoder ? frames : 1;
  const weights = initialPaperWeights(network, stacks, frames, new Random(1));
  const published = { optimizer: "schedule-free", sampling: "without", loss: "mse" } as const;
  return {
    problem: { network, target, stacks, learnEncoder, weights },
    plan: { ...published, rate: 1e-4, seed: 3, keys: [2, 5], ...trial.plan },
  };
}

/** Trains, and keeps the mean squared error of every step. Steps a second are without the first run's. */
export async function lossesOf(
  trainer: Trainer,
  { problem, plan }: { problem: TrainingProblem; plan: TrainingPlan },
): Promise<{ losses: number[]; weights: Map<string, Float32Array>; stepsPerSecond: number }> {
  const losses: number[] = [];
  const seen: { steps: number; time: number }[] = [];
  const weights = await trainer.train(problem, plan, {
    onProgress(steps, some) {
      losses.push(...some);
      seen.push({ steps, time: performance.now() });
    },
  });
  const [first, last] = [seen[0], seen[seen.length - 1]];
  const stepsPerSecond = (1000 * (last.steps - first.steps)) / (last.time - first.time);
  return { losses, weights, stepsPerSecond };
}
