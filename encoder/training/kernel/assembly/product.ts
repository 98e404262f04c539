// Products of a small matrix with a strip of activations: four outputs of eight points at a time in registers.

import { madd, ROW } from "./lanes";
import { sineAndCosine } from "./sine";

const LINEAR = 0;
const SINE = 1;
const SLOPE = 2;

/**
 * input: rows [inputs]; weights: f32[inputs][stride / 4]; bias: f32[outputs], or 0 for none;
 * outputs: a multiple of 4; out, beside: rows [outputs]. `kind` says what becomes of the products z:
 * LINEAR stores them; SINE stores sin(2 pi z) and beside it cos(2 pi z); SLOPE multiplies them into what is there.
 */
// @ts-ignore: decorator
@inline
function product(
  kind: i32, input: usize, inputs: i32, weights: usize, stride: usize, bias: usize, outputs: i32, out: usize, beside: usize,
): void {
  const end = <usize>inputs * ROW;
  for (let o = 0; o < outputs; o += 4) {
    for (let p: usize = 0; p < ROW; p += 32) {
      let a0 = bias != 0 ? v128.load32_splat(bias) : f32x4.splat(0);
      let a1 = bias != 0 ? v128.load32_splat(bias, 4) : f32x4.splat(0);
      let a2 = bias != 0 ? v128.load32_splat(bias, 8) : f32x4.splat(0);
      let a3 = bias != 0 ? v128.load32_splat(bias, 12) : f32x4.splat(0);
      let b0 = a0;
      let b1 = a1;
      let b2 = a2;
      let b3 = a3;
      let row = input + p;
      let w = weights;
      const last = row + end;
      do {
        const x = v128.load(row);
        const y = v128.load(row, 16);
        let k = v128.load32_splat(w);
        a0 = madd(x, k, a0);
        b0 = madd(y, k, b0);
        k = v128.load32_splat(w, 4);
        a1 = madd(x, k, a1);
        b1 = madd(y, k, b1);
        k = v128.load32_splat(w, 8);
        a2 = madd(x, k, a2);
        b2 = madd(y, k, b2);
        k = v128.load32_splat(w, 12);
        a3 = madd(x, k, a3);
        b3 = madd(y, k, b3);
        row += ROW;
        w += stride;
      } while (row != last);
      const to = out + p;
      const other = beside + p;
      finish(kind, a0, to, other);
      finish(kind, b0, to + 16, other + 16);
      finish(kind, a1, to + ROW, other + ROW);
      finish(kind, b1, to + ROW + 16, other + ROW + 16);
      finish(kind, a2, to + 2 * ROW, other + 2 * ROW);
      finish(kind, b2, to + 2 * ROW + 16, other + 2 * ROW + 16);
      finish(kind, a3, to + 3 * ROW, other + 3 * ROW);
      finish(kind, b3, to + 3 * ROW + 16, other + 3 * ROW + 16);
    }
    weights += 16;
    out += 4 * ROW;
    beside += 4 * ROW;
    if (bias != 0) bias += 16;
  }
}

// @ts-ignore: decorator
@inline
function finish(kind: i32, z: v128, out: usize, beside: usize): void {
  if (kind == LINEAR) v128.store(out, z);
  else if (kind == SINE) sineAndCosine(z, out, beside);
  else v128.store(out, f32x4.mul(z, v128.load(out)));
}

/** out = w^T h + b. */
export function linear(input: usize, inputs: i32, weights: usize, stride: usize, bias: usize, outputs: i32, out: usize): void {
  product(LINEAR, input, inputs, weights, stride, bias, outputs, out, out);
}

/** A sine layer, whose weights are in turns. */
export function sineLayer(
  input: usize, inputs: i32, weights: usize, stride: usize, bias: usize, outputs: i32, sines: usize, cosines: usize,
): void {
  product(SINE, input, inputs, weights, stride, bias, outputs, sines, cosines);
}

/** slopes *= w d: the gradient at a sine layer's angles from that of the next layer's angles, d. */
export function slopes(input: usize, inputs: i32, weights: usize, stride: usize, outputs: i32, out: usize): void {
  product(SLOPE, input, inputs, weights, stride, 0, outputs, out, out);
}

/** out = w d, without a bias. */
export function backwards(input: usize, inputs: i32, weights: usize, stride: usize, outputs: i32, out: usize): void {
  product(LINEAR, input, inputs, weights, stride, 0, outputs, out, out);
}
