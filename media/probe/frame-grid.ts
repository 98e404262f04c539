import { type Rational, toNumber } from "../../codec/asset/rational.js";
import { COMMON_RATES, MAX_FRAME_RATE, simplestFraction } from "./frame-rate.js";
import type { PacketTimes } from "./packets.js";

/** Equidistant times that hold the frames of a video. Frame n of the converted video is at origin + n / frameRate. */
export interface FrameGrid {
  readonly frameRate: Rational;
  /** Time of frame 0 on the clock of the file, seconds. The first frame of the source is frame 0. */
  readonly origin: number;
  /** Frames of the grid per frame of the source. Above 1 if frames are repeated, below 1 if frames are lost. */
  readonly repetition: number;
  /** Whether the times of the source are on the grid, except for rounding. */
  readonly regular: boolean;
}

/** A grid of this many frames per source frame is accepted without a search for a better one. */
const MAX_REPETITION = 1.5;
/** Half of a millisecond, to which containers round times, on both ends of a distance, and some room. */
const MIN_TOLERANCE = 1.1e-3;

/**
 * Returns the grid that holds the frames of a video. It begins at the first frame, so that rounded times are never
 * halfway between two frames of the grid.
 *
 * A declared rate is taken if it holds all frames. For other videos, such as recordings with a variable frame rate, the
 * rate is a compromise between lost frames, shifted frames and repeated frames.
 *
 * @param declared rates that the file declares, best first
 * @param tick resolution of the times, seconds
 */
export function fitFrameGrid(
  times: Pick<PacketTimes, "runs" | "seconds">,
  declared: readonly Rational[],
  tick: number,
): FrameGrid | undefined {
  const { runs } = times;
  const [first] = runs;
  if (first === undefined) return undefined;
  const pictures = runs.reduce((sum, run) => sum + run.length, 0);
  const seconds = times.seconds + missingSeconds(runs, times.seconds);
  const repetition = (rate: number) => Math.max(pictures, Math.round(seconds * rate)) / pictures;
  for (const frameRate of declared) {
    const rate = toNumber(frameRate);
    const tolerance = Math.min(Math.max(MIN_TOLERANCE, tick * 1.1), 0.25 / rate);
    if (rate > MAX_FRAME_RATE || repetition(rate) > MAX_REPETITION) continue;
    if (runs.every((run) => holds(run, rate, tolerance))) {
      return { frameRate, origin: first[0], repetition: repetition(rate), regular: true };
    }
  }
  if (pictures === 1)
    return { frameRate: rateOfOneFrame(declared), origin: first[0], repetition: 1, regular: true };
  const { frameRate, phases } = searchRate(runs, seconds, candidateRates(runs, declared, tick));
  const rate = toNumber(frameRate);
  return {
    frameRate,
    origin: first[0] + phases[0] / rate,
    repetition: Math.round(seconds * rate) / pictures,
    regular: false,
  };
}

/** Returns the duration of the last frames if the container does not store it: one typical distance per run. */
function missingSeconds(runs: readonly (readonly number[])[], seconds: number): number {
  const spans = runs.reduce((sum, run) => sum + (run.at(-1) ?? 0) - run[0], 0);
  if (seconds > spans) return 0;
  return (quantile(distancesOf(runs), 0.5) ?? 0) * runs.length;
}

const rateOfOneFrame = (declared: readonly Rational[]): Rational =>
  declared.find((rate) => toNumber(rate) <= MAX_FRAME_RATE) ?? { num: 25, den: 1 };

/** Returns whether all times of a run are on different points of a grid that begins at the first one. */
function holds(run: readonly number[], rate: number, tolerance: number): boolean {
  let last = -1;
  return run.every((time) => {
    const offset = time - run[0];
    const slot = Math.round(offset * rate);
    const isHeld = slot > last && Math.abs(offset - slot / rate) <= tolerance;
    last = slot;
    return isHeld;
  });
}

/** Returns the distances between consecutive times, ascending. */
const distancesOf = (runs: readonly (readonly number[])[]): number[] =>
  runs.flatMap((run) => run.slice(1).map((time, i) => time - run[i])).sort((a, b) => a - b);

const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/** Rates to try besides the common ones. */
const OTHER_RATES = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 40, 48, 72, 75, 90, 100, 120, 144, 200, 240];

function candidateRates(
  runs: readonly (readonly number[])[],
  declared: readonly Rational[],
  tick: number,
): Rational[] {
  const distances = distancesOf(runs);
  const measured = [0.1, 0.5, 0.9].flatMap(
    (share) => measuredRate(runs, quantile(distances, share) ?? 0, tick) ?? [],
  );
  return [...declared, ...COMMON_RATES, ...OTHER_RATES.map((num) => ({ num, den: 1 })), ...measured].filter(
    (rate) => toNumber(rate) <= MAX_FRAME_RATE,
  );
}

/** Returns the simplest rate near 1 / `distance` that fits the longest run. */
function measuredRate(
  runs: readonly (readonly number[])[],
  distance: number,
  tick: number,
): Rational | undefined {
  const run = runs.reduce((longest, each) => (each.length > longest.length ? each : longest));
  const span = run.at(-1)! - run[0];
  if (!(distance > 0) || !(span > 0)) return undefined;
  // Slots are counted from frame to frame, so that an inexact distance does not add up.
  const slots = run
    .slice(1)
    .reduce((sum, time, i) => sum + Math.max(1, Math.round((time - run[i]) / distance)), 0);
  const rate = slots / span;
  const tolerance = (Math.max(MIN_TOLERANCE, tick) / span) * rate;
  return simplestFraction(rate - tolerance, rate + tolerance);
}

/** Cost of losing all frames, relative to that of doubling the rate. */
const LOSS_COST = 30;
/** Mean shift of the frames, in seconds, that costs as much as doubling the rate. */
const COSTLY_SHIFT = 0.01;

/** The rate of a grid, and the start of the grid in each run, in frames from the first time of the run. */
interface PhasedRate {
  readonly frameRate: Rational;
  readonly phases: readonly number[];
}

/** Returns the candidate with the lowest cost; the first one of equal ones. */
function searchRate(
  runs: readonly (readonly number[])[],
  seconds: number,
  candidates: readonly Rational[],
): PhasedRate {
  const pictures = runs.reduce((sum, run) => sum + run.length, 0);
  let best: PhasedRate | undefined;
  let bestCost = Infinity;
  for (const frameRate of candidates) {
    const rate = toNumber(frameRate);
    const phases = runs.map((run) => phaseOf(run, rate));
    let lost = 0;
    let shift = 0;
    for (const [index, run] of runs.entries()) {
      let last = -1;
      for (const time of run) {
        const position = (time - run[0]) * rate - phases[index];
        const slot = Math.round(position);
        shift += Math.abs(position - slot) / rate;
        if (slot === last) lost++;
        last = slot;
      }
    }
    const cost = Math.log2(seconds * rate) + (LOSS_COST * lost) / pictures + shift / pictures / COSTLY_SHIFT;
    // Rates that differ by less than the rounding of times is worth are equal.
    if (cost < bestCost - 1e-2) {
      best = { frameRate, phases };
      bestCost = cost;
    }
  }
  return best ?? { frameRate: { num: 25, den: 1 }, phases: runs.map(() => 0) };
}

/**
 * Returns the start of the grid that is nearest to the times of a run, from -0.49 to 0.49 frames from its first time:
 * the circular mean of their positions between two frames.
 */
function phaseOf(run: readonly number[], rate: number): number {
  let [x, y] = [0, 0];
  for (const time of run) {
    const angle = 2 * Math.PI * (time - run[0]) * rate;
    x += Math.cos(angle);
    y += Math.sin(angle);
  }
  const isClear = Math.hypot(x, y) > 0.2 * run.length;
  return isClear ? Math.max(-0.49, Math.min(0.49, Math.atan2(y, x) / (2 * Math.PI))) : 0;
}
