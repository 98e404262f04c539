import { decoderSize, MOST_NUMBERS, MOST_TILES, TILE_WIDTHS, type TileNetwork } from "../../codec/index.js";
import { EncoderError } from "../errors.js";
import type { ResolvedOptions, TrainingSettings } from "../options.js";
import type { Room } from "../rate-control/targets.js";
import { tileNetwork, usualSide } from "./tile-grid.js";

/** A film as far as the bits that its decoders can hold depend on it. */
export interface FilmShape {
  /** Source pixels. */
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  readonly groups: readonly { readonly frameCount: number }[];
}

/** Which decoders a film is drawn with. */
export interface TilePlan extends Room {
  readonly network: TileNetwork;
  readonly training: TrainingSettings;
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
 * Bits that unpriced training spends on a number of a decoder of width 16 at a quantisation step of 2e-3, how many fewer
 * a doubling of the width, and more a halving of the step: measured with widths 16 to 32.
 */
const BITS_A_NUMBER = 5.6;
const BITS_A_DOUBLING = 0.95;
/** Share of the most that decoders are planned to fill: above it a bit buys little, below it training is wasted. */
export const FILLED = 0.7;
/** Share of the most that is still tried: contents differ. */
const TRIED = 1.15;
/** Worth of a nat, a sample of a tile, at which this share of the most is filled; a doubling of it fills less. */
const WORTH_A_SAMPLE = 1 / 4;
const filledThen = (width: number): number => 9.2 / width;
const FILLED_LESS = 0.113;
const SMALLEST_WORTH = 50;

/** Bits a pixel that decoders of the network and width hold at most, with nothing priced. */
export function mostBits(film: FilmShape, network: TileNetwork, width: number, quantiser: number): number {
  const each = BITS_A_NUMBER - BITS_A_DOUBLING * Math.log2(width / 16) + Math.log2(2e-3 / quantiser);
  const numbers = film.groups.length * network.rows * network.columns * decoderSize(network, width);
  return (numbers * Math.max(1, each)) / (film.frameCount * film.width * film.height);
}

/** The decoders that a preset has for the film, or larger ones where more bits are asked for than these hold well. */
export function planTiles(
  film: FilmShape,
  preset: TrainingSettings,
  { target, widthAsked }: Pick<ResolvedOptions, "target" | "widthAsked">,
): TilePlan {
  const [usual] = largerPlans(film, preset, widthAsked);
  if (target?.kind !== "bpp") return usual;
  const plan = planFor(film, preset, target.value, { widthAsked });
  if (plan !== undefined) return plan;
  const advice = `ask for less${widthAsked ? ", leave --width out" : ""} or make groups shorter by --group-frames`;
  throw new EncoderError(
    "bad-option",
    `--target-bpp ${target.value}: decoders hold at most about ${usual.largest.toPrecision(2)} bits a pixel of this film at this size; ${advice}`,
  );
}

/** The smallest decoders that hold `bpp` bits a pixel well, else the largest where they may; undefined beyond that. */
export function planFor(
  film: FilmShape,
  preset: TrainingSettings,
  bpp: number,
  { widthAsked }: Pick<ResolvedOptions, "widthAsked">,
): TilePlan | undefined {
  let last: TilePlan | undefined;
  for (const plan of largerPlans(film, preset, widthAsked)) {
    if (bpp <= FILLED * plan.most)
      return last === undefined ? { ...plan, aim: bpp } : priced(film, plan, bpp);
    last = plan;
  }
  return last !== undefined && bpp <= TRIED * last.most ? priced(film, last, bpp) : undefined;
}

/** The preset's decoders, then wider ones, then smaller tiles. */
function largerPlans(film: FilmShape, training: TrainingSettings, widthAsked: boolean): TilePlan[] {
  const wider = TILE_WIDTHS.filter((width) => !widthAsked && width > training.width && width <= WIDEST);
  const widest = wider.at(-1) ?? training.width;
  const plans: { network: TileNetwork; width: number }[] = [training.width, ...wider].map((width) => ({
    network: tileNetwork(film.width, film.height, training),
    width,
  }));
  const most = (plan: { network: TileNetwork; width: number }) =>
    mostBits(film, plan.network, plan.width, training.quantiser);
  for (let side = SHRINK * usualSide(film.width, film.height); side >= SMALLEST_SIDE; side *= SHRINK) {
    const plan = { network: tileNetwork(film.width, film.height, training, side), width: widest };
    if (fits(film, plan.network, widest)) plans.push(plan);
  }
  const largest = Math.max(...plans.map(most));
  return plans.map((plan) => ({
    network: plan.network,
    training: { ...training, width: plan.width, largeTiles: undefined },
    most: most(plan),
    largest,
  }));
}

/** Whether the format has room for so many tiles. */
function fits(film: FilmShape, network: TileNetwork, width: number): boolean {
  const tiles = network.rows * network.columns;
  const longest = film.groups.reduce((most, { frameCount }) => Math.max(most, frameCount), 0);
  const numbers = tiles * (decoderSize(network, width) + 2 * longest);
  return tiles <= MOST_TILES && numbers <= MOST_NUMBERS;
}

/** The plan with the worth of a nat at which bunny takes so many bits; what another film takes is seen after a round. */
function priced(film: FilmShape, plan: TilePlan, bpp: number): TilePlan {
  const { rows, columns } = plan.network;
  const samples = (film.width * film.height * film.frameCount) / (rows * columns * film.groups.length);
  const doublings = (filledThen(plan.training.width) - bpp / plan.most) / FILLED_LESS;
  const worth = Math.max(SMALLEST_WORTH, samples * WORTH_A_SAMPLE * 2 ** doublings);
  return { ...plan, aim: bpp, training: { ...plan.training, worth } };
}
