import { storePair } from "./lanes";

/** As in encoder/training/optimizers/adam.ts. */
const BETA2: f32 = 0.999;
const ONE_MINUS_BETA2: f32 = 1 - 0.999;
const EPSILON: f32 = 1e-8;

/**
 * Runs one AdamW step without weight decay on values: f32[count] and their moments. count: a multiple of 4.
 * schedule: f32[4] of the step (KernelConfig.schedule). learningRateScale: multiplies its learning rate.
 */
export function adam(
  values: usize,
  firstMoments: usize,
  secondMoments: usize,
  gradient: usize,
  count: i32,
  schedule: usize,
  learningRateScale: f32,
): void {
  const beta1 = load<f32>(schedule, 4);
  const decay1 = f32x4.splat(beta1);
  const gain1 = f32x4.splat(1 - beta1);
  const stepSize = f32x4.splat(load<f32>(schedule) * load<f32>(schedule, 8) * learningRateScale);
  const correction = f32x4.splat(load<f32>(schedule, 12));
  const end = values + ((<usize>count) << 2);
  while (values + 32 <= end) {
    adamVectors(true, values, firstMoments, secondMoments, gradient, decay1, gain1, stepSize, correction);
    values += 32;
    firstMoments += 32;
    secondMoments += 32;
    gradient += 32;
  }
  if (values < end)
    adamVectors(false, values, firstMoments, secondMoments, gradient, decay1, gain1, stepSize, correction);
}

/** Updates eight parameters if `pair`, else four. */
// @ts-ignore: decorator
@inline
function adamVectors(
  pair: bool,
  values: usize,
  firstMoments: usize,
  secondMoments: usize,
  gradient: usize,
  decay1: v128,
  gain1: v128,
  stepSize: v128,
  correction: v128,
): void {
  const ga = v128.load(gradient);
  const gb = pair ? v128.load(gradient, 16) : ga;
  const ma = firstMoment(v128.load(firstMoments), ga, decay1, gain1);
  const mb = pair ? firstMoment(v128.load(firstMoments, 16), gb, decay1, gain1) : ma;
  const va = secondMoment(v128.load(secondMoments), ga);
  const vb = pair ? secondMoment(v128.load(secondMoments, 16), gb) : va;
  const xa = update(v128.load(values), ma, va, stepSize, correction);
  const xb = pair ? update(v128.load(values, 16), mb, vb, stepSize, correction) : xa;
  if (pair) {
    storePair(values, xa, xb);
    storePair(firstMoments, ma, mb);
    storePair(secondMoments, va, vb);
  } else {
    v128.store(values, xa);
    v128.store(firstMoments, ma);
    v128.store(secondMoments, va);
  }
}

// @ts-ignore: decorator
@inline
function firstMoment(m: v128, g: v128, decay1: v128, gain1: v128): v128 {
  return f32x4.add(f32x4.mul(m, decay1), f32x4.mul(g, gain1));
}

// @ts-ignore: decorator
@inline
function secondMoment(v: v128, g: v128): v128 {
  return f32x4.add(
    f32x4.mul(v, f32x4.splat(BETA2)),
    f32x4.mul(f32x4.mul(g, g), f32x4.splat(ONE_MINUS_BETA2)),
  );
}

// @ts-ignore: decorator
@inline
function update(value: v128, m: v128, v: v128, stepSize: v128, correction: v128): v128 {
  const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), f32x4.splat(EPSILON));
  return f32x4.sub(value, f32x4.div(f32x4.mul(m, stepSize), root));
}
