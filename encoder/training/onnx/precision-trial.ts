import { EncoderError } from "../../errors.js";
import type { TrainingProgress } from "../trainer.js";
import type { Precision } from "./precision.js";

/** What a trial found, and what it says to the user. */
export interface PrecisionDecision {
  readonly precision: Precision;
  readonly message: string;
}

/** Some steps in one precision, normalized losses of all of them. */
export interface TrialRun {
  readonly losses: readonly number[];
  readonly stepsPerSecond: number;
}

/** Steps of each precision: of three runs on a GPU the first, which loads its libraries, is not timed. */
export const TRIAL_STEPS = 600;
/** By how much the mean loss of a trial's last quarter may be above float32's: 2 % of a squared error are 0.09 dB. */
const TOLERANCE = 0.02;
/** Half precision must be faster by so much: less may be chance, and float32 is the same everywhere. */
const GAIN = 1.1;

const apart = (share: number): string =>
  `${(100 * Math.abs(share)).toPrecision(2)} % ${share < 0 ? "lower" : "higher"}`;
const taken = (why: string): PrecisionDecision => ({
  precision: "float16",
  message: `half precision taken: ${why}`,
});
const left = (why: string): PrecisionDecision => ({
  precision: "float32",
  message: `half precision not taken: ${why}`,
});

/** By which share half precision's losses of the last quarter are higher, and how many times as fast it is. */
export function comparePrecisions(full: TrialRun, half: TrialRun): { difference: number; gain: number } {
  return {
    difference: lastQuarter(half.losses) / lastQuarter(full.losses) - 1,
    gain: half.stepsPerSecond / full.stepsPerSecond,
  };
}

/** float16 where it descends as far as float32 does and is faster. */
export function decidePrecision(full: TrialRun, half: TrialRun): PrecisionDecision {
  const { difference, gain } = comparePrecisions(full, half);
  // Written so that a loss that is no number is not taken either.
  if (!(difference <= TOLERANCE)) {
    if (!Number.isFinite(difference)) return left("it diverges");
    return left(`its losses are ${apart(difference)} after ${full.losses.length} steps`);
  }
  const speed = `${gain.toFixed(2)} times as fast as float32 here`;
  return gain >= GAIN ? taken(`${speed}, losses ${apart(difference)}`) : left(speed);
}

function lastQuarter(losses: readonly number[]): number {
  const last = losses.slice(-Math.ceil(losses.length / 4));
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}

/** Runs some steps; their speed is without the first run's, where there are more. */
export async function trialRun(train: (onProgress: TrainingProgress) => Promise<unknown>): Promise<TrialRun> {
  const losses: number[] = [];
  const runs: { readonly done: number; readonly at: number }[] = [{ done: 0, at: performance.now() }];
  await train((done, some) => {
    losses.push(...some);
    runs.push({ done, at: performance.now() });
  });
  const [first, last] = [runs[runs.length > 2 ? 1 : 0], runs[runs.length - 1]];
  return { losses, stepsPerSecond: (1000 * (last.done - first.done)) / (last.at - first.at) };
}

/**
 * Trains the same steps in both precisions and decides. Rejects as `train` does in float32, or with the signal's
 * reason; where `train` fails in float16 alone, float32 it is.
 */
export async function tryPrecisions(
  train: (precision: Precision, onProgress: TrainingProgress) => Promise<unknown>,
  signal: AbortSignal,
): Promise<PrecisionDecision> {
  const run = (precision: Precision) => trialRun((onProgress) => train(precision, onProgress));
  const full = await run("float32");
  try {
    return decidePrecision(full, await run("float16"));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof EncoderError) throw cause;
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    return left(`onnxruntime does not run it here (${line})`);
  }
}
