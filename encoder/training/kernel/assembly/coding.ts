// Numbers as they will be stored, and what they cost (encoder/training/coded-tile.ts says why).

/**
 * out: f32[count] = turns times values, which are rounded to multiples of `step` where `share` is 1 and `step` is
 * not 0; count is a multiple of 4.
 */
export function stored(values: usize, count: i32, step: f32, share: f32, turns: f32, out: usize): void {
  const end = values + (<usize>count << 2);
  const factor = f32x4.splat(turns);
  if (step == 0 || share == 0) {
    for (; values < end; values += 16) {
      v128.store(out, f32x4.mul(v128.load(values), factor));
      out += 16;
    }
    return;
  }
  const size = f32x4.splat(step);
  const inverse = f32x4.splat(1 / step);
  const part = f32x4.splat(share);
  for (; values < end; values += 16) {
    const value = v128.load(values);
    const nearest = f32x4.mul(f32x4.nearest(f32x4.mul(value, inverse)), size);
    v128.store(out, f32x4.mul(f32x4.add(value, f32x4.mul(f32x4.sub(nearest, value), part)), factor));
    out += 16;
  }
}

/** What log(1 + sqrt(q^2 + 1/4)), q = value / step, grows by with the value, times `price`. */
// @ts-ignore: decorator
@inline
function priceSlope(value: v128, inverse: v128, price: v128): v128 {
  const q = f32x4.mul(value, inverse);
  const square = f32x4.add(f32x4.mul(q, q), f32x4.splat(0.25));
  return f32x4.div(f32x4.mul(q, price), f32x4.add(f32x4.sqrt(square), square));
}

/** gradient: f32[count] += that of the price of the values; count is a multiple of 4. */
export function addPrice(values: usize, count: i32, step: f32, price: f32, gradient: usize): void {
  const inverse = f32x4.splat(1 / step);
  const each = f32x4.splat(price / step);
  const end = values + (<usize>count << 2);
  for (; values < end; values += 16) {
    v128.store(gradient, f32x4.add(v128.load(gradient), priceSlope(v128.load(values), inverse, each)));
    gradient += 16;
  }
}

/** The same for displacements, which are priced by their change from frame to frame; room: f32[frames + 3]. */
export function addChangePrice(values: usize, frames: i32, step: f32, price: f32, gradient: usize, room: usize): void {
  const inverse = f32x4.splat(1 / step);
  const each = f32x4.splat(price / step);
  const changes = <usize>(frames - 1) << 2;
  for (let f: usize = 0; f < changes; f += 16) {
    const change = f32x4.sub(v128.load(values + f, 4), v128.load(values + f));
    v128.store(room + f, priceSlope(change, inverse, each));
  }
  for (let f: usize = 0; f < changes; f += 4) {
    const slope = load<f32>(room + f);
    store<f32>(gradient + f, load<f32>(gradient + f) - slope);
    store<f32>(gradient + f + 4, load<f32>(gradient + f + 4) + slope);
  }
}
