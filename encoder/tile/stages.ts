import { type Model, sharedEncoderSize } from "../../codec/internal.js";
import type { ProbeResult } from "../../media/index.js";
import type { EncodeEvent } from "../events.js";
import type { Checkpoints } from "../job/checkpoints.js";
import type { ProgressMeter } from "../job/progress.js";
import type { TileOptions, TileTrainingSettings } from "../options.js";
import type { AnchorPlan } from "../plan/anchors.js";
import { planFor, type TilePlan } from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import { planAnchorGroups } from "../plan/plan-anchors.js";
import { MinPsnrControl, type MinPsnrJob, type MinPsnrPlan } from "../rate-control/min-psnr.js";
import { lowQualityMessage } from "../rate-control/targets.js";
import { type TrainedVideo, trainVideo } from "./train-video.js";

/** What the tile profile's training begins with. */
export interface FirstStage {
  readonly info: ProbeResult;
  readonly size: { readonly width: number; readonly height: number };
  readonly frameCount: number;
  readonly options: TileOptions;
  /** The preset's numbers for this size. */
  readonly preset: TileTrainingSettings;
  readonly plan: TilePlan;
  readonly groups: readonly PlannedGroup[];
  readonly anchorPlan: AnchorPlan;
  /** Groups of at most so many frames instead. */
  regroup(frames: number): readonly PlannedGroup[];
}

/** What is trained at a time. */
interface Stage {
  readonly plan: TilePlan;
  readonly groups: readonly PlannedGroup[];
  readonly anchorPlan: AnchorPlan;
}

/** A finished video, with the groups and the network that it came to. */
export interface FinishedVideo {
  readonly model: Model;
  readonly groups: readonly PlannedGroup[];
  readonly sizes: readonly number[];
  readonly psnr: number;
}

/** Times that a target may have all trained anew with larger decoders. */
const MAX_STAGES = 3;

/** Trains a video, and anew with larger decoders where a target, or the floor, takes more bits than they hold. */
export async function trainStages(
  first: FirstStage,
  checkpoints: Checkpoints,
  meter: ProgressMeter,
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<FinishedVideo> {
  const { info, size, options } = first;
  const floor =
    options.minPsnr === undefined
      ? undefined
      : new MinPsnrControl(asMinPsnrJob(first), options.minPsnr, emit);
  let stage: Stage = first;
  for (; ; checkpoints.stage++) {
    const { plan, groups, anchorPlan } = stage;
    const { network, training, aim } = plan;
    const raised = checkpoints.stage > 0 ? floor?.target : undefined;
    checkpoints.pass = 0;
    const trained = await trainVideo(
      {
        ...{ info, size, groups, ...anchorPlan, network, aim, checkpoints },
        capacity: checkpoints.stage < MAX_STAGES ? (floor?.capacity(plan) ?? plan) : undefined,
        belowMinPsnr: floor && ((pass) => floor.raiseTarget(pass)),
        options: { ...options, training, target: raised ?? options.target },
      },
      meter,
      // That only the floor's own target is missed is said once, at the end.
      (event) => void ((floor === undefined || event.type !== "target-missed") && emit(event)),
      signal,
    );
    const next = floor
      ? await shorter(first, floor.planLargerDecoders(trained, checkpoints.stage), signal)
      : larger(first, trained, stage);
    if (next !== undefined) {
      stage = next;
      continue;
    }
    const message = floor
      ? floor.missedTargetMessage(trained)
      : options.target === undefined
        ? lowQualityMessage(trained.psnr)
        : undefined;
    if (message !== undefined) emit({ type: "target-missed", message });
    const empty = sharedEncoderSize(network);
    const encoder = { weights: new Float32Array(empty.weights), bias: new Float32Array(empty.bias) };
    const { sizes, psnr } = trained;
    return { sizes, psnr, groups, model: { profile: "tile", network, encoder } };
  }
}

/** The stage that a target asks for, where there are decoders for it. */
function larger(first: FirstStage, { requiredBpp }: TrainedVideo, stage: Stage): Stage | undefined {
  const shape = { ...first.size, frameCount: first.frameCount, groups: stage.groups };
  const plan = requiredBpp && planFor(shape, first.preset, requiredBpp, first.options);
  return plan ? { ...stage, plan } : undefined;
}

/** The stage that the floor asks for: other groups have other anchors. */
async function shorter(
  { info, options }: FirstStage,
  plan: MinPsnrPlan | undefined,
  signal?: AbortSignal,
): Promise<Stage | undefined> {
  if (plan === undefined) return undefined;
  const { tiles, groups } = plan;
  // Numbers name groups of the preset's length.
  const choice = typeof options.anchorChoice === "string" ? options.anchorChoice : "uniform";
  const anchorPlan = await planAnchorGroups({ info, ...options, choice }, groups, options.anchors, signal);
  return { plan: tiles, groups, anchorPlan };
}

const asMinPsnrJob = (first: FirstStage): MinPsnrJob => ({
  ...first.size,
  frameCount: first.frameCount,
  rate: first.info.frameRate.num / first.info.frameRate.den,
  preset: first.preset,
  groups: first.groups,
  options: first.options,
  regroup: first.regroup,
});
