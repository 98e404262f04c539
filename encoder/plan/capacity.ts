import {
  MAX_GROUP_VALUES,
  MAX_TILES,
  parameterCount,
  TILE_WIDTHS,
  type TileNetwork,
} from "../../codec/internal.js";
import { badOption } from "../errors.js";
import { defaultTileSide, type TileTrainingSettings, tileNetwork } from "./tile-grid.js";

/** The properties of a video that the capacity of its decoders depends on. */
export interface VideoShape {
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly groups: readonly { readonly frameCount: number }[];
}

/** Bits per pixel that decoders can store. */
export interface Capacity {
  /** Capacity of the decoders in training. */
  readonly currentBpp: number;
  /** Capacity of the largest possible decoders. */
  readonly maxBpp: number;
}

/** The decoders of a video and the settings that train them. */
export interface TilePlan extends Capacity {
  readonly network: TileNetwork;
  readonly training: TileTrainingSettings;
  /** Bits per pixel that the first pass aims at; undefined: the result of the preset's lambda. */
  readonly plannedBpp?: number;
}

/** Constraints on the decoders. */
export interface PlanOptions {
  /** Bits per pixel that the decoders must store; undefined: use the decoders of the preset. */
  readonly targetBpp?: number;
  /** Whether the decoders must keep the width of the preset. */
  readonly fixedWidth: boolean;
}

/**
 * If more bits are required, decoders get wider up to this width, then tiles get smaller (docs/how-it-works.md, "Presets
 * and rate control").
 */
const MAX_WIDTH = 24;
/** Minimum side of a tile in source pixels. Smaller tiles use more bits without better quality. */
const MIN_TILE_SIDE = 16;
/** Ratio of each tile size to the previous one. */
const TILE_SIDE_RATIO = 0.9;
/**
 * Bits per parameter that training without a rate term spends on a decoder of width 16 at a quantization step of 2e-3, and
 * their decrease per doubling of the width. Halving the step adds one bit. Measured with widths 16 to 32.
 */
const BITS_PER_PARAMETER = 5.6;
const BITS_PER_WIDTH_DOUBLING = 0.95;
/** Planned utilization. Above it, more bits gain little quality; below it, training time is wasted. */
export const UTILIZATION = 0.7;
/** Maximum utilization to attempt with the largest decoders. Above 1, because the capacity varies with the content. */
const MAX_UTILIZATION = 1.15;
/** Lambda per sample of a tile at which a decoder reaches `referenceUtilization`. */
const REFERENCE_LAMBDA_PER_SAMPLE = 1 / 4;
const referenceUtilization = (width: number): number => 9.2 / width;
/** Decrease of the utilization per doubling of lambda. */
const UTILIZATION_PER_LAMBDA_DOUBLING = 0.113;
const MIN_LAMBDA = 50;

/**
 * Returns the capacity of the network's decoders at a width: their bits per pixel if they are trained without a rate
 * term.
 */
export function capacityBpp(
  video: VideoShape,
  network: TileNetwork,
  width: number,
  stepSize: number,
): number {
  const bitsPerParameter =
    BITS_PER_PARAMETER - BITS_PER_WIDTH_DOUBLING * Math.log2(width / 16) + Math.log2(2e-3 / stepSize);
  const parameters = video.groups.length * network.rows * network.columns * parameterCount(network, width);
  return (parameters * Math.max(1, bitsPerParameter)) / (video.frameCount * video.width * video.height);
}

/**
 * Returns the preset's decoders for the video, or larger ones if `targetBpp` exceeds their planned utilization.
 *
 * @throws EncoderError `bad-option` if `targetBpp` exceeds the capacity of the largest decoders
 */
export function planTiles(
  video: VideoShape,
  preset: TileTrainingSettings,
  { targetBpp, fixedWidth }: PlanOptions,
): TilePlan {
  const [presetPlan] = plansByCapacity(video, preset, fixedWidth);
  if (targetBpp === undefined) return presetPlan;
  const plan = planTilesForBpp(video, preset, targetBpp, fixedWidth);
  if (plan !== undefined) return plan;
  const advice = `lower targetBpp${fixedWidth ? ", omit `width`" : ""} or lower groupFrames`;
  throw badOption(
    "targetBpp",
    `targetBpp must be at most about ${presetPlan.maxBpp.toPrecision(2)} bits per pixel, the capacity of the largest decoders for this video and size, got ${targetBpp}; ${advice}`,
  );
}

/**
 * Returns the smallest decoders that store `bpp` bits per pixel at the planned utilization. If none do, returns the largest
 * decoders unless `bpp` would exceed their maximum utilization; then returns undefined.
 */
export function planTilesForBpp(
  video: VideoShape,
  preset: TileTrainingSettings,
  bpp: number,
  fixedWidth: boolean,
): TilePlan | undefined {
  let last: TilePlan | undefined;
  for (const plan of plansByCapacity(video, preset, fixedWidth)) {
    if (bpp <= UTILIZATION * plan.currentBpp)
      return last === undefined ? { ...plan, plannedBpp: bpp } : withLambda(video, plan, bpp);
    last = plan;
  }
  return last !== undefined && bpp <= MAX_UTILIZATION * last.currentBpp
    ? withLambda(video, last, bpp)
    : undefined;
}

/** Returns the preset's decoders, then wider decoders, then smaller tiles, by rising capacity. */
function plansByCapacity(video: VideoShape, training: TileTrainingSettings, fixedWidth: boolean): TilePlan[] {
  const wider = TILE_WIDTHS.filter((width) => !fixedWidth && width > training.width && width <= MAX_WIDTH);
  const widest = wider.at(-1) ?? training.width;
  const plans: { network: TileNetwork; width: number }[] = [training.width, ...wider].map((width) => ({
    network: tileNetwork(video.width, video.height, training),
    width,
  }));
  const bppOf = (plan: { network: TileNetwork; width: number }) =>
    capacityBpp(video, plan.network, plan.width, training.quantizationStep);
  for (
    let side = TILE_SIDE_RATIO * defaultTileSide(video.width, video.height);
    side >= MIN_TILE_SIDE;
    side *= TILE_SIDE_RATIO
  ) {
    const plan = { network: tileNetwork(video.width, video.height, training, side), width: widest };
    if (fits(video, plan.network, widest)) plans.push(plan);
  }
  const maxBpp = Math.max(...plans.map(bppOf));
  return plans.map((plan) => ({
    network: plan.network,
    training: { ...training, width: plan.width, largeTiles: undefined },
    currentBpp: bppOf(plan),
    maxBpp,
  }));
}

/** Returns whether the asset format can store the tiles of a network and their values. */
function fits(video: VideoShape, network: TileNetwork, width: number): boolean {
  const tiles = network.rows * network.columns;
  const maxFrames = video.groups.reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
  const values = tiles * (parameterCount(network, width) + 2 * maxFrames);
  return tiles <= MAX_TILES && values <= MAX_GROUP_VALUES;
}

/**
 * Returns the plan with the lambda at which the reference clip "bunny" has `bpp` bits per pixel. The result for another
 * video is known only after a pass.
 */
function withLambda(video: VideoShape, plan: TilePlan, bpp: number): TilePlan {
  const { rows, columns } = plan.network;
  const samples = (video.width * video.height * video.frameCount) / (rows * columns * video.groups.length);
  const doublings =
    (referenceUtilization(plan.training.width) - bpp / plan.currentBpp) / UTILIZATION_PER_LAMBDA_DOUBLING;
  const lambda = Math.max(MIN_LAMBDA, samples * REFERENCE_LAMBDA_PER_SAMPLE * 2 ** doublings);
  return { ...plan, plannedBpp: bpp, training: { ...plan.training, lambda } };
}
