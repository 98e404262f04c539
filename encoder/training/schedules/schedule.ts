import { ADAM_SCHEDULE_LENGTH, BETA2 } from "../optimizers/adam.js";

/** Share of the steps in which the learning rate warms up. */
const WARMUP_SHARE = 0.1;
/** The learning rate starts at peak / 25 and ends at peak / 25 / 10,000. */
const START_DIVISOR = 25;
const END_DIVISOR = 1e4;
/** Bounds of beta1, which falls while the learning rate rises, and rises while it falls. */
const MAX_BETA1 = 0.95;
const MIN_BETA1 = 0.85;

/** Interpolates from `from` to `to` along half a cosine; `progress` is 0 to 1. */
const cosineAnneal = (from: number, to: number, progress: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;

/**
 * Returns the one-cycle schedule (Smith and Topin 2018) with cosine annealing for steps `from` to `to` (exclusive) of
 * `steps`: [to - from, 4] as `adamStep` reads them.
 */
export function oneCycle(peak: number, steps: number, from: number, to: number): Float32Array {
  const out = new Float32Array((to - from) * ADAM_SCHEDULE_LENGTH);
  const peakStep = Math.max(1, WARMUP_SHARE * steps - 1);
  const start = peak / START_DIVISOR;
  const end = start / END_DIVISOR;
  for (let step = from; step < to; step++) {
    const rising = step <= peakStep;
    const progress = rising ? step / peakStep : (step - peakStep) / Math.max(1, steps - 1 - peakStep);
    const learningRate = rising ? cosineAnneal(start, peak, progress) : cosineAnneal(peak, end, progress);
    const beta1 = rising
      ? cosineAnneal(MAX_BETA1, MIN_BETA1, progress)
      : cosineAnneal(MIN_BETA1, MAX_BETA1, progress);
    out.set(adamScheduleRow(learningRate, beta1, step + 1), (step - from) * ADAM_SCHEDULE_LENGTH);
  }
  return out;
}

/** Returns a schedule with the same learning rate and beta1 in every step: [to - from, 4] as `adamStep` reads them. */
export function constantLearningRate(
  learningRate: number,
  beta1: number,
  from: number,
  to: number,
): Float32Array {
  const out = new Float32Array((to - from) * ADAM_SCHEDULE_LENGTH);
  for (let step = from; step < to; step++)
    out.set(adamScheduleRow(learningRate, beta1, step + 1), (step - from) * ADAM_SCHEDULE_LENGTH);
  return out;
}

/** Returns the schedule values of step `t`, counted from 1. */
function adamScheduleRow(learningRate: number, beta1: number, t: number): number[] {
  return [learningRate, beta1, 1 / (1 - beta1 ** t), 1 / (1 - BETA2 ** t)];
}

/** Returns, for steps `from` to `to` (exclusive), 1 if fake quantization and the rate term are active, else 0. */
export function quantizationSchedule(
  plan: { readonly steps: number; readonly quantization?: { readonly activeShare: number } },
  from: number,
  to: number,
): Float32Array {
  const first = plan.steps * (1 - (plan.quantization?.activeShare ?? 0));
  return Float32Array.from({ length: to - from }, (_, i) => (from + i >= first ? 1 : 0));
}
