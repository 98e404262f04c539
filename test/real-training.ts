import { loadGroupFrames } from "../encoder/pipeline/group-frames.js";
import { planGroups } from "../encoder/pipeline/groups.js";
import { codingTerms, quantisationSteps } from "../encoder/pipeline/quantiser.js";
import { Random } from "../encoder/training/random.js";
import { initialWeights } from "../encoder/training/tile-weights.js";
import type { Trainer, TrainingPlan, TrainingProblem } from "../encoder/training/trainer.js";
import { probeVideo, readFrames } from "../media/index.js";
import { clip } from "./clips.js";

/** What a trial of a trainer varies. */
export interface Trial {
  /** Width of the shared encoder, which is learned too; 0 for none. */
  readonly encoderWidth?: number;
  /** Whether numbers are rounded and priced, for the last three quarters of the steps. */
  readonly coded?: boolean;
  readonly steps: number;
  readonly points: number;
}

const picture = { width: 120, height: 68 };
const frameCount = 8;
const width = 12;

/** Eight frames of bunny in six tiles, and a plan to train them: real pixels, small. */
export async function realTraining(trial: Trial): Promise<{ problem: TrainingProblem; plan: TrainingPlan }> {
  const input = await clip("bunny");
  const info = await probeVideo(input);
  const { encoderWidth = 0, steps, points } = trial;
  const grid = { rows: 2, columns: 3, overlap: 1, frequencies: 4, omega: 20, hiddenLayers: 3 };
  const network = { profile: "tile" as const, ...grid, encoderWidth };
  const tiles = grid.rows * grid.columns;
  const [group] = planGroups(frameCount, [], info.frameRate);
  const source = readFrames(input, info, { ...picture, firstFrame: 30, frameCount });
  const { targets } = await loadGroupFrames(source, group, network, [{ first: 0, count: tiles }], picture);
  await source.return(undefined);
  const [target] = targets;
  const weights = initialWeights(network, tiles, width, frameCount, new Random(7));
  const terms = codingTerms(quantisationSteps(network, 2e-3), 8000, target);
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

/** Trains, and keeps the mean squared error of every step. */
export async function lossesOf(
  trainer: Trainer,
  { problem, plan }: { problem: TrainingProblem; plan: TrainingPlan },
): Promise<{ losses: number[]; weights: Map<string, Float32Array> }> {
  const losses: number[] = [];
  const weights = await trainer.train(problem, plan, {
    onProgress: (_, some) => losses.push(...some),
  });
  return { losses, weights };
}
