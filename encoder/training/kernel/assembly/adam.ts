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
  const end = (<usize>count) << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const g = v128.load(gradient + i);
    const m = f32x4.add(f32x4.mul(v128.load(firstMoments + i), decay1), f32x4.mul(g, gain1));
    const squared = f32x4.mul(f32x4.mul(g, g), f32x4.splat(ONE_MINUS_BETA2));
    const v = f32x4.add(f32x4.mul(v128.load(secondMoments + i), f32x4.splat(BETA2)), squared);
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), f32x4.splat(EPSILON));
    v128.store(values + i, f32x4.sub(v128.load(values + i), f32x4.div(f32x4.mul(m, stepSize), root)));
    v128.store(firstMoments + i, m);
    v128.store(secondMoments + i, v);
  }
}
