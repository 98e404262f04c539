import { EncoderError } from "../../errors.js";
import type { TrainingProgress } from "../trainer.js";
import type { Precision } from "./precision.js";

/** Precision that a trial chose, and a message to the user that explains the choice. */
export interface PrecisionDecision {
  readonly precision: Precision;
  readonly message: string;
}

/** Normalized loss of each step in one precision, and the speed. */
export interface TrialRun {
  readonly losses: readonly number[];
  readonly stepsPerSecond: number;
}

/** Steps per precision. On a GPU these are three runs; the first one loads the libraries and is not timed. */
export const TRIAL_STEPS = 600;
/** Maximum relative increase over float32 of the mean loss in the last quarter. 2 % of a squared error is 0.09 dB. */
const MAX_LOSS_INCREASE = 0.02;
/** Minimum speedup of half precision. A smaller one may be noise, and float32 gives the same bytes on more machines. */
const MIN_SPEEDUP = 1.1;

const describeIncrease = (increase: number): string =>
  `${(100 * Math.abs(increase)).toPrecision(2)} % ${increase < 0 ? "lower" : "higher"}`;
const chooseHalf = (reason: string): PrecisionDecision => ({
  precision: "float16",
  message: `training in half precision: ${reason}`,
});
const chooseFull = (reason: string): PrecisionDecision => ({
  precision: "float32",
  message: `training in float32: ${reason}`,
});

/** Returns the relative loss increase of half precision in the last quarter of the steps, and its speedup. */
export function comparePrecisions(full: TrialRun, half: TrialRun): { lossIncrease: number; speedup: number } {
  return {
    lossIncrease: lastQuarter(half.losses) / lastQuarter(full.losses) - 1,
    speedup: half.stepsPerSecond / full.stepsPerSecond,
  };
}

/** Chooses float16 if its losses are as low as those of float32 and it is faster. */
export function decidePrecision(full: TrialRun, half: TrialRun): PrecisionDecision {
  const { lossIncrease, speedup } = comparePrecisions(full, half);
  // The negation also rejects NaN.
  if (!(lossIncrease <= MAX_LOSS_INCREASE)) {
    if (!Number.isFinite(lossIncrease)) return chooseFull("half precision diverges");
    const losses = describeIncrease(lossIncrease);
    return chooseFull(`losses are ${losses} in half precision after ${full.losses.length} steps`);
  }
  const speed = `${speedup.toFixed(2)} times as fast as float32`;
  if (speedup < MIN_SPEEDUP) return chooseFull(`half precision is only ${speed}`);
  return chooseHalf(`${speed}, losses are ${describeIncrease(lossIncrease)}`);
}

function lastQuarter(losses: readonly number[]): number {
  const last = losses.slice(-Math.ceil(losses.length / 4));
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}

/** Runs a trial and measures its speed. The first run is not timed if more than one follows. */
export async function measureTrial(
  train: (onProgress: TrainingProgress) => Promise<unknown>,
): Promise<TrialRun> {
  const losses: number[] = [];
  const runs: { readonly done: number; readonly time: number }[] = [{ done: 0, time: performance.now() }];
  await train((done, newLosses) => {
    losses.push(...newLosses);
    runs.push({ done, time: performance.now() });
  });
  const [first, last] = [runs[runs.length > 2 ? 1 : 0], runs[runs.length - 1]];
  return { losses, stepsPerSecond: (1000 * (last.done - first.done)) / (last.time - first.time) };
}

/**
 * Trains the same steps in both precisions and chooses one. If `train` fails in float16 only, the result is float32.
 *
 * @throws what `train` throws in float32, or the signal's reason
 */
export async function runPrecisionTrial(
  train: (precision: Precision, onProgress: TrainingProgress) => Promise<unknown>,
  signal: AbortSignal,
): Promise<PrecisionDecision> {
  const run = (precision: Precision) => measureTrial((onProgress) => train(precision, onProgress));
  const full = await run("float32");
  try {
    return decidePrecision(full, await run("float16"));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof EncoderError) throw cause;
    const [line] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    return chooseFull(`onnxruntime cannot run half precision (${line})`);
  }
}
