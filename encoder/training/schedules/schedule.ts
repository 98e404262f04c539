import { BETA2, SCHEDULE_LENGTH } from "../optimizers/adam.js";
import type { TrainingPlan } from "../trainer.js";

/** Share of the steps in which the learning rate rises. */
const RISE = 0.1;
/** The rate begins at peak / 25 and ends at peak / 25 / 10,000. */
const START_DIVISOR = 25;
const END_DIVISOR = 1e4;
const BETA1_HIGH = 0.95;
const BETA1_LOW = 0.85;

const cosine = (from: number, to: number, at: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * at))) / 2;

/**
 * The one-cycle schedule (Smith and Topin 2018) with cosine annealing, beta1 moving against the rate:
 * [to - from, 4] numbers for steps `from` to `to` of `steps`, as `adamStep` reads them.
 */
export function oneCycle(peak: number, steps: number, from: number, to: number): Float32Array {
  const out = new Float32Array((to - from) * SCHEDULE_LENGTH);
  const top = Math.max(1, RISE * steps - 1);
  for (let step = from; step < to; step++) {
    const rising = step <= top;
    const at = rising ? step / top : (step - top) / Math.max(1, steps - 1 - top);
    const start = peak / START_DIVISOR;
    const rate = rising ? cosine(start, peak, at) : cosine(peak, start / END_DIVISOR, at);
    const beta1 = rising ? cosine(BETA1_HIGH, BETA1_LOW, at) : cosine(BETA1_LOW, BETA1_HIGH, at);
    out.set(adamNumbers(rate, beta1, step + 1), (step - from) * SCHEDULE_LENGTH);
  }
  return out;
}

/** The same rate and beta1 at every step. */
export function constantRate(rate: number, beta1: number, from: number, to: number): Float32Array {
  const out = new Float32Array((to - from) * SCHEDULE_LENGTH);
  for (let step = from; step < to; step++)
    out.set(adamNumbers(rate, beta1, step + 1), (step - from) * SCHEDULE_LENGTH);
  return out;
}

function adamNumbers(rate: number, beta1: number, t: number): number[] {
  return [rate, beta1, 1 / (1 - beta1 ** t), 1 / (1 - BETA2 ** t)];
}

/** 1 for the steps in which numbers are rounded and priced, 0 before. */
export function codedSteps(plan: TrainingPlan, from: number, to: number): Float32Array {
  const first = plan.steps * (1 - (plan.coding?.share ?? 0));
  return Float32Array.from({ length: to - from }, (_, i) => (from + i >= first ? 1 : 0));
}
