import type { EncodeJob, TrainedVideo, TrainingJob } from "../job/profile.js";
import { planTilesForBpp } from "../plan/capacity.js";
import { planGroups } from "../plan/groups.js";
import { planAnchorGroups } from "../plan/plan-anchors.js";
import type { TileTrainingSettings } from "../plan/tile-grid.js";
import { MinPsnrControl, type MinPsnrPlan } from "../rate-control/min-psnr.js";
import { lowQualityMessage } from "../rate-control/targets.js";
import type { TileOptions } from "./options.js";
import type { Stage } from "./tile-training.js";
import { type StageControl, type StageResult, tileModel, trainStage } from "./train-stage.js";

/** Settings that all stages share. */
export interface StageSettings {
  readonly options: TileOptions;
  /** The preset's training settings for the size of the video. */
  readonly preset: TileTrainingSettings;
}

/** Maximum number of restarts with larger decoders to reach a target. */
const MAX_RESTARTS = 3;

/**
 * Trains a video. Restarts with larger decoders if a target or `minPsnr` requires more bits than the decoders can store.
 */
export async function trainStages(
  job: TrainingJob,
  first: Stage,
  settings: StageSettings,
): Promise<TrainedVideo> {
  const { checkpoints, emit } = job;
  const { options } = settings;
  const minPsnr = createMinPsnrControl(job, settings);
  let stage = first;
  for (; ; checkpoints.stage++) {
    const control = controlStage(job, stage, options, minPsnr);
    const result = await trainStage(job, stage, options, control);
    const next =
      minPsnr === undefined
        ? planTargetStage(job, stage, result, settings)
        : await planMinPsnrStage(job, minPsnr.planLargerDecoders(result, checkpoints.stage), options);
    if (next === undefined) {
      const message = missedMessage(result, options, minPsnr);
      if (message !== undefined) emit({ type: "target-missed", message });
      const { samples, psnr } = result;
      return { samples, psnr, groups: stage.groups, model: tileModel(stage.tiles.network) };
    }
    stage = next;
  }
}

function createMinPsnrControl(
  { video, emit }: EncodeJob,
  { options, preset }: StageSettings,
): MinPsnrControl | undefined {
  const { minPsnr, fixedWidth, groupFrames } = options;
  if (minPsnr === undefined) return undefined;
  const { size, frameCount, cuts, groups } = video;
  const { frameRate } = video.info;
  const regroup = (frames: number) => planGroups(frameCount, cuts, frameRate, frames);
  const framesPerSecond = frameRate.num / frameRate.den;
  const input = { ...size, frameCount, framesPerSecond, preset, groups, fixedWidth, regroup };
  return new MinPsnrControl({ ...input, fixedGroups: groupFrames !== undefined }, minPsnr, emit);
}

function controlStage(
  { checkpoints, emit }: EncodeJob,
  stage: Stage,
  options: TileOptions,
  minPsnr: MinPsnrControl | undefined,
): StageControl {
  const mayRestart = checkpoints.stage < MAX_RESTARTS;
  if (minPsnr === undefined) {
    return {
      target: options.target,
      raiseTarget: undefined,
      capacity: mayRestart ? stage.tiles : undefined,
      reportMissed: (message) => emit({ type: "target-missed", message }),
    };
  }
  return {
    target: checkpoints.stage > 0 ? minPsnr.target : undefined,
    raiseTarget: (result) => minPsnr.raiseTarget(result),
    capacity: mayRestart ? minPsnr.capacity(stage.tiles) : undefined,
    // A missed `minPsnr` is reported once, at the end.
    reportMissed: () => {},
  };
}

/** Returns a stage with larger decoders if the target requires them and any are large enough, else undefined. */
function planTargetStage(
  { video }: EncodeJob,
  stage: Stage,
  { requiredBpp }: StageResult,
  { options, preset }: StageSettings,
): Stage | undefined {
  if (requiredBpp === undefined) return undefined;
  const shape = { ...video.size, frameCount: video.frameCount, groups: stage.groups };
  const tiles = planTilesForBpp(shape, preset, requiredBpp, options.fixedWidth);
  return tiles && { ...stage, tiles };
}

/** Returns the stage of a plan for `minPsnr`. Its groups may be shorter, so it chooses new anchors. */
async function planMinPsnrStage(
  { video, signal }: EncodeJob,
  plan: MinPsnrPlan | undefined,
  options: TileOptions,
): Promise<Stage | undefined> {
  if (plan === undefined) return undefined;
  const { input, from, to, anchorChoice, anchors } = options;
  // A list of anchors refers to groups of the original length.
  const choice = typeof anchorChoice === "string" ? anchorChoice : "uniform";
  const source = { info: video.info, input, from, to, choice };
  const anchorPlan = await planAnchorGroups(source, plan.groups, anchors, signal);
  return { tiles: plan.tiles, groups: plan.groups, anchorPlan };
}

function missedMessage(
  result: StageResult,
  { target }: TileOptions,
  minPsnr: MinPsnrControl | undefined,
): string | undefined {
  if (minPsnr !== undefined) return minPsnr.missedMessage(result);
  return target === undefined ? lowQualityMessage(result.psnr) : undefined;
}
