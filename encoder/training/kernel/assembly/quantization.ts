// Fake quantization and the gradient of the rate term, as explained in encoder/training/quantization/fake-quantization.ts.

import { storePair } from "./lanes";

/**
 * Writes out: f32[count] = scale * values, with the values rounded to multiples of `step` if `strength` is 1 and `step` is
 * not 0. count: a multiple of 4.
 */
export function fakeQuantize(
  values: usize,
  count: i32,
  step: f32,
  strength: f32,
  scale: f32,
  out: usize,
): void {
  const end = values + ((<usize>count) << 2);
  const factor = f32x4.splat(scale);
  if (step == 0 || strength == 0) {
    for (; values + 32 <= end; values += 32) {
      const a = f32x4.mul(v128.load(values), factor);
      const b = f32x4.mul(v128.load(values, 16), factor);
      storePair(out, a, b);
      out += 32;
    }
    if (values < end) v128.store(out, f32x4.mul(v128.load(values), factor));
    return;
  }
  const stepSize = f32x4.splat(step);
  const inverse = f32x4.splat(1 / step);
  const blend = f32x4.splat(strength);
  for (; values < end; values += 16) {
    const value = v128.load(values);
    const nearest = f32x4.mul(f32x4.nearest(f32x4.mul(value, inverse)), stepSize);
    v128.store(out, f32x4.mul(f32x4.add(value, f32x4.mul(f32x4.sub(nearest, value), blend)), factor));
    out += 16;
  }
}

/** Returns lambda * d log(1 + sqrt(q^2 + 1/4)) / dq, where q = value / step. */
// @ts-ignore: decorator
@inline
function rateGradient(value: v128, inverse: v128, lambda: v128): v128 {
  const q = f32x4.mul(value, inverse);
  const square = f32x4.add(f32x4.mul(q, q), f32x4.splat(0.25));
  return f32x4.div(f32x4.mul(q, lambda), f32x4.add(f32x4.sqrt(square), square));
}

/** Adds the gradient of the rate term of `values` to gradient: f32[count]. count: a multiple of 4. */
export function addRateGradient(values: usize, count: i32, step: f32, lambda: f32, gradient: usize): void {
  const inverse = f32x4.splat(1 / step);
  const scaledLambda = f32x4.splat(lambda / step);
  const end = values + ((<usize>count) << 2);
  for (; values < end; values += 16) {
    v128.store(
      gradient,
      f32x4.add(v128.load(gradient), rateGradient(v128.load(values), inverse, scaledLambda)),
    );
    gradient += 16;
  }
}

/**
 * Adds the gradient of the rate term of the displacements along one axis. The rate is that of their deltas from frame to
 * frame, because the asset stores deltas. scratch: f32[frames + 3].
 */
export function addDeltaRateGradient(
  values: usize,
  frames: i32,
  step: f32,
  lambda: f32,
  gradient: usize,
  scratch: usize,
): void {
  const inverse = f32x4.splat(1 / step);
  const scaledLambda = f32x4.splat(lambda / step);
  const deltaBytes = (<usize>(frames - 1)) << 2;
  for (let f: usize = 0; f < deltaBytes; f += 16) {
    const delta = f32x4.sub(v128.load(values + f, 4), v128.load(values + f));
    v128.store(scratch + f, rateGradient(delta, inverse, scaledLambda));
  }
  for (let f: usize = 0; f < deltaBytes; f += 4) {
    const g = load<f32>(scratch + f);
    store<f32>(gradient + f, load<f32>(gradient + f) - g);
    store<f32>(gradient + f + 4, load<f32>(gradient + f + 4) + g);
  }
}
