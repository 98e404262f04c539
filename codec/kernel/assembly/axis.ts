// The first layer is separable: its argument at (x, y, t) is A(x) + B(y) + C(t), so the features are
// computed once a column and once a row, and sin(A + B) = sin A cos B + cos A sin B costs one
// instruction for four pixels instead of 21 multiplications and a sine.

import { cosine4, sine4 } from "./sine";

/**
 * Features of `count` positions (a multiple of 4) moved by `shift`: the position itself, then a sine
 * and a cosine of 2^k pi x / 2 for k below `frequencies`. features: f32[1 + 2 frequencies][count].
 */
export function axisFeatures(positions: usize, count: i32, shift: f32, frequencies: i32, features: usize): void {
  const row = <usize>count << 2;
  for (let i: usize = 0; i < row; i += 16) {
    const x = f32x4.add(v128.load(positions + i), f32x4.splat(shift));
    let at = features + i;
    v128.store(at, x);
    let turns = f32x4.mul(x, f32x4.splat(0.25));
    for (let k = 0; k < frequencies; k++) {
      at += row;
      v128.store(at, sine4(turns));
      at += row;
      v128.store(at, cosine4(turns));
      turns = f32x4.add(turns, turns);
    }
  }
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
 * features: f32[n][count]; weights: f32[n][outputs]; offset: f32[outputs], or 0 for none.
 */
export function axisLayer(
  features: usize, n: i32, count: i32, weights: usize, outputs: i32, offset: usize, swap: bool, out: usize,
): void {
  const row = <usize>count << 2;
  for (let o = 0; o < outputs; o++) {
    const start = offset != 0 ? v128.load32_splat(offset + (<usize>o << 2)) : f32x4.splat(0);
    for (let i: usize = 0; i < row; i += 16) {
      let z = start;
      let feature = features + i;
      let weight = weights + (<usize>o << 2);
      for (let f = 0; f < n; f++) {
        z = f32x4.add(z, f32x4.mul(v128.load(feature), v128.load32_splat(weight)));
        feature += row;
        weight += <usize>outputs << 2;
      }
      const sine = fixed(sine4(z));
      const cosine = fixed(cosine4(z));
      const low = swap ? cosine : sine;
      const high = i32x4.shl(swap ? sine : cosine, 16);
      v128.store(out, v128.shuffle<i16>(low, high, 0, 9, 2, 11, 4, 13, 6, 15));
      out += 16;
    }
  }
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
