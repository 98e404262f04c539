/** Decay of the second moment and the term that keeps its root from 0, as in encoder/training/adam.ts. */
const BETA2: f32 = 0.999;
const REST2: f32 = 1 - 0.999;
const EPSILON: f32 = 1e-8;

/**
 * One step of AdamW without decay on f32[count] numbers; schedule: rate, beta1, 1 / (1 - beta1^t), 1 / (1 - beta2^t).
 * count is a multiple of 4.
 */
export function adam(values: usize, first: usize, second: usize, gradient: usize, count: i32, schedule: usize, rate: f32): void {
  const beta1 = load<f32>(schedule, 4);
  const keep = f32x4.splat(beta1);
  const take = f32x4.splat(1 - beta1);
  const size = f32x4.splat(load<f32>(schedule) * load<f32>(schedule, 8) * rate);
  const correction = f32x4.splat(load<f32>(schedule, 12));
  const end = <usize>count << 2;
  for (let i: usize = 0; i < end; i += 16) {
    const g = v128.load(gradient + i);
    const m = f32x4.add(f32x4.mul(v128.load(first + i), keep), f32x4.mul(g, take));
    const v = f32x4.add(f32x4.mul(v128.load(second + i), f32x4.splat(BETA2)), f32x4.mul(f32x4.mul(g, g), f32x4.splat(REST2)));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, correction)), f32x4.splat(EPSILON));
    v128.store(values + i, f32x4.sub(v128.load(values + i), f32x4.div(f32x4.mul(m, size), root)));
    v128.store(first + i, m);
    v128.store(second + i, v);
  }
}
