// The first layer is separable: its argument at (x, y, t) is A(x) + B(y) + C(t). The features are therefore
// computed once per column and once per row, and sin(A + B) = sin A cos B + cos A sin B takes one instruction
// per four pixels instead of 21 multiplications and a sine.

import { cosine4, quarterTurn, sine4 } from "./sine";

/**
 * Computes the features of `count` positions (a multiple of 4), displaced by `shift`: the position itself, then
 * sine and cosine of 2^k pi x / 2 for k below `frequencies`. Each is averaged over a box of width `blur`, which
 * multiplies a sine of frequency f by sinc(f blur). features: f32[1 + 2 frequencies][count].
 */
export function axisFeatures(
  positions: usize,
  count: i32,
  shift: f32,
  blur: f32,
  frequencies: i32,
  features: usize,
): void {
  const row = (<usize>count) << 2;
  for (let i: usize = 0; i < row; i += 16) {
    const x = f32x4.add(v128.load(positions + i), f32x4.splat(shift));
    let at = features + i;
    v128.store(at, x);
    let turns = f32x4.mul(x, quarterTurn());
    let frequency: f32 = 0.25;
    for (let k = 0; k < frequencies; k++) {
      const damping = f32x4.splat(sinc(frequency * blur));
      at += row;
      v128.store(at, f32x4.mul(sine4(turns), damping));
      at += row;
      v128.store(at, f32x4.mul(cosine4(turns), damping));
      turns = f32x4.add(turns, turns);
      frequency += frequency;
    }
  }
}

/** Returns sin(pi x) / (pi x) up to its first zero, 0 beyond. */
// @ts-ignore: decorator
@inline
function sinc(x: f32): f32 {
  if (x >= 1) return 0;
  const a = <f32>(Math.PI * Math.PI) * x * x;
  return 1 - (a / 6) * (1 - (a / 20) * (1 - a / 42));
}

/** Factor to 1.15 fixed point, and 1.5 * 2^23. */
const FIXED_POINT = memory.data<f32>([32767, 12582912], 16);

/**
 * Converts values in [-1, 1] to 1.15 fixed point, in the low half of each lane. Adding 1.5 * 2^23 leaves the
 * integer in the low bits.
 */
// @ts-ignore: decorator
@inline
function toFixedPoint(value: v128): v128 {
  return f32x4.add(f32x4.mul(value, v128.load32_splat(FIXED_POINT)), v128.load32_splat(FIXED_POINT, 4));
}

/**
 * Computes sine and cosine of the first layer's argument along one axis, as i16[outputs][count][2]: sine first
 * for columns (`swap` false), cosine first for rows, so that the dot product of two pairs is the sine of the sum.
 * They are averaged over a box of width `blur` along the axis, under the assumption that the argument is linear in it.
 *
 * features: f32[n][count]
 * weights:  f32[n][outputs], in turns
 * offset:   address of f32[outputs], in turns; 0 for none
 */
export function axisLayer(
  features: usize,
  n: i32,
  count: i32,
  weights: usize,
  outputs: i32,
  offset: usize,
  swap: bool,
  blur: f32,
  out: usize,
): void {
  if (blur == 0) computeLayer(features, n, count, weights, outputs, offset, swap, false, blur, out);
  else computeLayer(features, n, count, weights, outputs, offset, swap, true, blur, out);
}

// @ts-ignore: decorator
@inline
function computeLayer(
  features: usize,
  n: i32,
  count: i32,
  weights: usize,
  outputs: i32,
  offset: usize,
  swap: bool,
  blurred: bool,
  blur: f32,
  out: usize,
): void {
  const row = (<usize>count) << 2;
  const stride = (<usize>outputs) << 2;
  for (let o = 0; o < outputs; o++) {
    const start = offset != 0 ? v128.load32_splat(offset + ((<usize>o) << 2)) : f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      let feature = features + i;
      let weight = weights + ((<usize>o) << 2);
      let w = v128.load32_splat(weight);
      let z = f32x4.add(start, f32x4.mul(v128.load(feature), w));
      let slope = w;
      let scale: f32 = <f32>(Math.PI / 2);
      for (let f = 1; f < n; f += 2) {
        const sine = v128.load(feature + row);
        const cosine = v128.load(feature + 2 * row);
        const sineWeight = v128.load32_splat(weight + stride);
        const cosineWeight = v128.load32_splat(weight + 2 * stride);
        z = f32x4.add(z, f32x4.add(f32x4.mul(sine, sineWeight), f32x4.mul(cosine, cosineWeight)));
        if (blurred) {
          const derivative = f32x4.sub(f32x4.mul(cosine, sineWeight), f32x4.mul(sine, cosineWeight));
          slope = f32x4.add(slope, f32x4.mul(f32x4.splat(scale), derivative));
          scale += scale;
        }
        feature += 2 * row;
        weight += 2 * stride;
      }
      let sine = sine4(z);
      let cosine = cosine4(z);
      if (blurred) {
        const damping = damped(f32x4.mul(slope, f32x4.splat(blur)));
        sine = f32x4.mul(sine, damping);
        cosine = f32x4.mul(cosine, damping);
      }
      sine = toFixedPoint(sine);
      cosine = toFixedPoint(cosine);
      const low = swap ? cosine : sine;
      const high = i32x4.shl(swap ? sine : cosine, 16);
      v128.store(out, v128.shuffle<i16>(low, high, 0, 9, 2, 11, 4, 13, 6, 15));
      out += 16;
    }
  }
}

/** Constants of `damped`: pi^2 / 24, and 1. */
const DAMPING = memory.data<f32>([<f32>((Math.PI * Math.PI) / 24), 1], 16);

/** Approximates sinc(turns) without its side lobes: exp(-(pi turns)^2 / 6), computed as (1 + q / 4)^-4. */
// @ts-ignore: decorator
@inline
function damped(turns: v128): v128 {
  const q = f32x4.mul(f32x4.mul(turns, turns), v128.load32_splat(DAMPING));
  const one = v128.load32_splat(DAMPING, 4);
  const r = f32x4.div(one, f32x4.add(one, q));
  const square = f32x4.mul(r, r);
  return f32x4.mul(square, square);
}

/** Computes offset[o] = bias[o] + sum over f of weights[f][o] * time[f]. `outputs` is a multiple of 4. */
export function timeOffset(
  weights: usize,
  bias: usize,
  time: usize,
  features: i32,
  outputs: i32,
  offset: usize,
): void {
  const row = (<usize>outputs) << 2;
  for (let o: usize = 0; o < row; o += 16) {
    let z = v128.load(bias + o);
    for (let f = 0; f < features; f++) {
      z = f32x4.add(
        z,
        f32x4.mul(v128.load(weights + <usize>f * row + o), v128.load32_splat(time + ((<usize>f) << 2))),
      );
    }
    v128.store(offset + o, z);
  }
}
