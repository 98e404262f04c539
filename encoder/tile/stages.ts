import { type Model, sharedEncoderSize } from "../../codec/index.js";
import type { VideoInfo } from "../../media/index.js";
import type { EncodeEvent } from "../events.js";
import type { Checkpoints } from "../job/checkpoints.js";
import type { ProgressMeter } from "../job/progress.js";
import type { ResolvedOptions, TrainingSettings } from "../options.js";
import type { AnchorPlan } from "../plan/anchors.js";
import { planFor, type TilePlan } from "../plan/capacity.js";
import type { PlannedGroup } from "../plan/groups.js";
import { planAnchorGroups } from "../plan/plan-anchors.js";
import { Floor, type FloorFilm, type FloorPlan } from "../rate-control/min-psnr.js";
import { poor } from "../rate-control/targets.js";
import { type TrainedFilm, trainFilm } from "./train-video.js";

/** What the tile profile's training begins with. */
export interface FirstStage {
  readonly info: VideoInfo;
  readonly size: { readonly width: number; readonly height: number };
  readonly frameCount: number;
  readonly options: ResolvedOptions;
  /** The preset's numbers for this size. */
  readonly preset: TrainingSettings;
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

/** A finished film, with the groups and the network that it came to. */
export interface FinishedFilm {
  readonly model: Model;
  readonly groups: readonly PlannedGroup[];
  readonly sizes: readonly number[];
  readonly psnr: number;
}

/** Times that a target may have all trained anew with larger decoders. */
const MOST_STAGES = 3;

/** Trains a film, and anew with larger decoders where a target, or the floor, takes more bits than they hold. */
export async function trainStages(
  first: FirstStage,
  checkpoints: Checkpoints,
  meter: ProgressMeter,
  emit: (event: EncodeEvent) => void,
  signal?: AbortSignal,
): Promise<FinishedFilm> {
  const { info, size, options } = first;
  const floor =
    options.floorPsnr === undefined ? undefined : new Floor(asFloorFilm(first), options.floorPsnr, emit);
  let stage: Stage = first;
  for (; ; checkpoints.stage++) {
    const { plan, groups, anchorPlan } = stage;
    const { network, training, aim } = plan;
    const raised = checkpoints.stage > 0 ? floor?.target : undefined;
    checkpoints.round = 0;
    const trained = await trainFilm(
      {
        ...{ info, size, groups, ...anchorPlan, network, aim, checkpoints },
        room: checkpoints.stage < MOST_STAGES ? (floor?.room(plan) ?? plan) : undefined,
        belowFloor: floor && ((round) => floor.below(round)),
        options: { ...options, training, target: raised ?? options.target },
      },
      meter,
      // That only the floor's own target is missed is said once, at the end.
      (event) => void ((floor === undefined || event.type !== "missed") && emit(event)),
      signal,
    );
    const next = floor
      ? await shorter(first, floor.larger(trained, checkpoints.stage), signal)
      : larger(first, trained, stage);
    if (next !== undefined) {
      stage = next;
      continue;
    }
    const message = floor
      ? floor.missed(trained)
      : options.target === undefined
        ? poor(trained.psnr)
        : undefined;
    if (message !== undefined) emit({ type: "missed", message });
    const empty = sharedEncoderSize(network);
    const encoder = { weights: new Float32Array(empty.weights), bias: new Float32Array(empty.bias) };
    const { sizes, psnr } = trained;
    return { sizes, psnr, groups, model: { profile: "tile", network, encoder } };
  }
}

/** The stage that a target asks for, where there are decoders for it. */
function larger(first: FirstStage, { largerFor }: TrainedFilm, stage: Stage): Stage | undefined {
  const shape = { ...first.size, frameCount: first.frameCount, groups: stage.groups };
  const plan = largerFor && planFor(shape, first.preset, largerFor, first.options);
  return plan ? { ...stage, plan } : undefined;
}

/** The stage that the floor asks for: other groups have other anchors. */
async function shorter(
  { info, options }: FirstStage,
  plan: FloorPlan | undefined,
  signal?: AbortSignal,
): Promise<Stage | undefined> {
  if (plan === undefined) return undefined;
  const { tiles, groups } = plan;
  // Numbers name groups of the preset's length.
  const choice = typeof options.anchorChoice === "string" ? options.anchorChoice : "uniform";
  const anchorPlan = await planAnchorGroups({ info, ...options, choice }, groups, options.anchors, signal);
  return { plan: tiles, groups, anchorPlan };
}

const asFloorFilm = (first: FirstStage): FloorFilm => ({
  ...first.size,
  frameCount: first.frameCount,
  rate: first.info.frameRate.num / first.info.frameRate.den,
  preset: first.preset,
  groups: first.groups,
  options: first.options,
  regroup: first.regroup,
});
