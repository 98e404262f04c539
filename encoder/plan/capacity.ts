import { parameterCount, MAX_TILES, MAX_VALUES, TILE_WIDTHS, type TileNetwork } from "../../codec/internal.js";
import { EncoderError } from "../errors.js";
import type { TileOptions, TileTrainingSettings } from "../options.js";
import type { Capacity } from "../rate-control/targets.js";
import { tileNetwork, usualSide } from "./tile-grid.js";

/** A video as far as the bits that its decoders can hold depend on it. */
export interface VideoShape {
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly groups: readonly { readonly frameCount: number }[];
}

/** Which decoders a video is drawn with. */
export interface TilePlan extends Capacity {
  readonly network: TileNetwork;
  readonly training: TileTrainingSettings;
  /** Bits a pixel that they are meant to take. */
  readonly aim?: number;
}

/** Decoders get wider up to here where more bits are asked for; beyond it tiles get smaller (docs/design.md, "Targets"). */
const WIDEST = 24;
/** Source pixels a tile's side at least: smaller ones take more bits and draw no better. */
const SMALLEST_SIDE = 16;
/** Each further size of tiles is this much smaller than the one before. */
const SHRINK = 0.9;
/**
 * Bits that unpriced training spends on a number of a decoder of width 16 at a quantization step of 2e-3, how many fewer
 * a doubling of the width, and more a halving of the step: measured with widths 16 to 32.
 */
const BITS_PER_VALUE = 5.6;
const BITS_PER_DOUBLING = 0.95;
/** Share of the most that decoders are planned to fill: above it a bit buys little, below it training is wasted. */
export const UTILIZATION = 0.7;
/** Share of the most that is still tried: contents differ. */
const TRIED = 1.15;
/** Worth of a nat, a sample of a tile, at which this share of the most is filled; a doubling of it fills less. */
const LAMBDA_PER_SAMPLE = 1 / 4;
const filledThen = (width: number): number => 9.2 / width;
const FILLED_LESS = 0.113;
const SMALLEST_WORTH = 50;

/** Bits a pixel that decoders of the network and width hold at most, with nothing priced. */
export function maxBits(video: VideoShape, network: TileNetwork, width: number, quantizer: number): number {
  const each = BITS_PER_VALUE - BITS_PER_DOUBLING * Math.log2(width / 16) + Math.log2(2e-3 / quantizer);
  const numbers = video.groups.length * network.rows * network.columns * parameterCount(network, width);
  return (numbers * Math.max(1, each)) / (video.frameCount * video.width * video.height);
}

/** The decoders that a preset has for the video, or larger ones where more bits are asked for than these hold well. */
export function planTiles(
  video: VideoShape,
  preset: TileTrainingSettings,
  { target, fixedWidth }: Pick<TileOptions, "target" | "fixedWidth">,
): TilePlan {
  const [usual] = largerPlans(video, preset, fixedWidth);
  if (target?.kind !== "bpp") return usual;
  const plan = planFor(video, preset, target.value, { fixedWidth });
  if (plan !== undefined) return plan;
  const advice = `ask for less${fixedWidth ? ", leave --width out" : ""} or make groups shorter by --group-frames`;
  throw new EncoderError(
    "bad-option",
    `--target-bpp ${target.value}: decoders hold at most about ${usual.maxBpp.toPrecision(2)} bits a pixel of this video at this size; ${advice}`,
  );
}

/** The smallest decoders that hold `bpp` bits a pixel well, else the largest where they may; undefined beyond that. */
export function planFor(
  video: VideoShape,
  preset: TileTrainingSettings,
  bpp: number,
  { fixedWidth }: Pick<TileOptions, "fixedWidth">,
): TilePlan | undefined {
  let last: TilePlan | undefined;
  for (const plan of largerPlans(video, preset, fixedWidth)) {
    if (bpp <= UTILIZATION * plan.currentBpp)
      return last === undefined ? { ...plan, aim: bpp } : priced(video, plan, bpp);
    last = plan;
  }
  return last !== undefined && bpp <= TRIED * last.currentBpp ? priced(video, last, bpp) : undefined;
}

/** The preset's decoders, then wider ones, then smaller tiles. */
function largerPlans(video: VideoShape, training: TileTrainingSettings, fixedWidth: boolean): TilePlan[] {
  const wider = TILE_WIDTHS.filter((width) => !fixedWidth && width > training.width && width <= WIDEST);
  const widest = wider.at(-1) ?? training.width;
  const plans: { network: TileNetwork; width: number }[] = [training.width, ...wider].map((width) => ({
    network: tileNetwork(video.width, video.height, training),
    width,
  }));
  const max = (plan: { network: TileNetwork; width: number }) =>
    maxBits(video, plan.network, plan.width, training.quantizer);
  for (let side = SHRINK * usualSide(video.width, video.height); side >= SMALLEST_SIDE; side *= SHRINK) {
    const plan = { network: tileNetwork(video.width, video.height, training, side), width: widest };
    if (fits(video, plan.network, widest)) plans.push(plan);
  }
  const largest = Math.max(...plans.map(max));
  return plans.map((plan) => ({
    network: plan.network,
    training: { ...training, width: plan.width, largeTiles: undefined },
    currentBpp: max(plan),
    maxBpp: largest,
  }));
}

/** Whether the format has room for so many tiles. */
function fits(video: VideoShape, network: TileNetwork, width: number): boolean {
  const tiles = network.rows * network.columns;
  const longest = video.groups.reduce((max, { frameCount }) => Math.max(max, frameCount), 0);
  const numbers = tiles * (parameterCount(network, width) + 2 * longest);
  return tiles <= MAX_TILES && numbers <= MAX_VALUES;
}

/** The plan with the worth of a nat at which bunny takes so many bits; what another video takes is seen after a round. */
function priced(video: VideoShape, plan: TilePlan, bpp: number): TilePlan {
  const { rows, columns } = plan.network;
  const samples = (video.width * video.height * video.frameCount) / (rows * columns * video.groups.length);
  const doublings = (filledThen(plan.training.width) - bpp / plan.currentBpp) / FILLED_LESS;
  const lambda = Math.max(SMALLEST_WORTH, samples * LAMBDA_PER_SAMPLE * 2 ** doublings);
  return { ...plan, aim: bpp, training: { ...plan.training, lambda } };
}
