// The first layer is separable: its argument at (x, y, t) is A(x) + B(y) + C(t), so the features are
// computed once a column and once a row, and sin(A + B) = sin A cos B + cos A sin B costs one
// instruction for four pixels instead of 21 multiplications and a sine.

import { cosine4, sine4 } from "./sine";

/**
 * Features of `count` positions (a multiple of 4) moved by `shift`: the position itself, then a sine
 * and a cosine of 2^k pi x / 2 for k below `frequencies`, each averaged over `blur`: a box of that width
 * takes a sine of frequency f times sinc(f blur). features: f32[1 + 2 frequencies][count].
 */
export function axisFeatures(positions: usize, count: i32, shift: f32, blur: f32, frequencies: i32, features: usize): void {
  const row = <usize>count << 2;
  for (let i: usize = 0; i < row; i += 16) {
    const x = f32x4.add(v128.load(positions + i), f32x4.splat(shift));
    let at = features + i;
    v128.store(at, x);
    let turns = f32x4.mul(x, f32x4.splat(0.25));
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

/** sin(pi x) / (pi x) up to its first zero, 0 beyond. */
// @ts-ignore: decorator
@inline
function sinc(x: f32): f32 {
  if (x >= 1) return 0;
  const a = <f32>(Math.PI * Math.PI) * x * x;
  return 1 - a / 6 * (1 - a / 20 * (1 - a / 42));
}

/** A lane's low half: a number in [-1, 1] in 1.15 fixed point. Adding 1.5 * 2^23 leaves it in the low bits. */
// @ts-ignore: decorator
@inline
function fixed(value: v128): v128 {
  return f32x4.add(f32x4.mul(value, f32x4.splat(32767)), f32x4.splat(12582912));
}

/**
 * Sine and cosine of the first layer's part along one axis, in turns, as i16[outputs][count][2]:
 * sine first for columns (`swap` 0), cosine first for rows, so that a product of pairs is the sine of a sum.
 * Averaged over `blur` along the axis, as far as the argument is linear there.
 * features: f32[n][count]; weights: f32[n][outputs]; offset: f32[outputs], or 0 for none.
 */
export function axisLayer(
  features: usize, n: i32, count: i32, weights: usize, outputs: i32, offset: usize, swap: bool, blur: f32, out: usize,
): void {
  if (blur == 0) layerOf(features, n, count, weights, outputs, offset, swap, false, blur, out);
  else layerOf(features, n, count, weights, outputs, offset, swap, true, blur, out);
}

// @ts-ignore: decorator
@inline
function layerOf(
  features: usize, n: i32, count: i32, weights: usize, outputs: i32, offset: usize, swap: bool, blurred: bool,
  blur: f32, out: usize,
): void {
  const row = <usize>count << 2;
  const stride = <usize>outputs << 2;
  for (let o = 0; o < outputs; o++) {
    const start = offset != 0 ? v128.load32_splat(offset + (<usize>o << 2)) : f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      let feature = features + i;
      let weight = weights + (<usize>o << 2);
      let w = v128.load32_splat(weight);
      let z = f32x4.add(start, f32x4.mul(v128.load(feature), w));
      let slope = w;
      let scale: f32 = <f32>(Math.PI / 2);
      for (let f = 1; f < n; f += 2) {
        const sine = v128.load(feature + row);
        const cosine = v128.load(feature + 2 * row);
        const ofSine = v128.load32_splat(weight + stride);
        const ofCosine = v128.load32_splat(weight + 2 * stride);
        z = f32x4.add(z, f32x4.add(f32x4.mul(sine, ofSine), f32x4.mul(cosine, ofCosine)));
        if (blurred) {
          const change = f32x4.sub(f32x4.mul(cosine, ofSine), f32x4.mul(sine, ofCosine));
          slope = f32x4.add(slope, f32x4.mul(f32x4.splat(scale), change));
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
      sine = fixed(sine);
      cosine = fixed(cosine);
      const low = swap ? cosine : sine;
      const high = i32x4.shl(swap ? sine : cosine, 16);
      v128.store(out, v128.shuffle<i16>(low, high, 0, 9, 2, 11, 4, 13, 6, 15));
      out += 16;
    }
  }
}

/** About sinc(turns) without its lobes: exp(-(pi turns)^2 / 6), as (1 + q / 4)^-4. */
// @ts-ignore: decorator
@inline
function damped(turns: v128): v128 {
  const q = f32x4.mul(f32x4.mul(turns, turns), f32x4.splat(<f32>(Math.PI * Math.PI / 24)));
  const r = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), q));
  const square = f32x4.mul(r, r);
  return f32x4.mul(square, square);
}

/** offset[o] = bias[o] + sum over f of weights[f][o] * time[f]; outputs is a multiple of 4. */
export function timeOffset(weights: usize, bias: usize, time: usize, features: i32, outputs: i32, offset: usize): void {
  const row = <usize>outputs << 2;
  for (let o: usize = 0; o < row; o += 16) {
    let z = v128.load(bias + o);
    for (let f = 0; f < features; f++) {
      z = f32x4.add(z, f32x4.mul(v128.load(weights + <usize>f * row + o), v128.load32_splat(time + (<usize>f << 2))));
    }
    v128.store(offset + o, z);
  }
}
