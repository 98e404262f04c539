// Products of a small matrix with a strip of activations. Registers hold four outputs of eight points at a time.

import { madd, ROW_BYTES } from "./lanes";
import { sineAndCosine } from "./sine";

const LINEAR = 0;
const SINE = 1;
const GRADIENT = 2;

/**
 * input: rows [inputs]; weights: f32[inputs][stride / 4]; bias: f32[outputs], or 0 for none;
 * outputs: a multiple of 4; out, cosines: rows [outputs]. `kind` selects the operation on a product z:
 * LINEAR stores z in out; SINE stores sin(2 pi z) in out and cos(2 pi z) in cosines; GRADIENT multiplies out by z.
 */
// @ts-ignore: decorator
@inline
function matmul(
  kind: i32,
  input: usize,
  inputs: i32,
  weights: usize,
  stride: usize,
  bias: usize,
  outputs: i32,
  out: usize,
  cosines: usize,
): void {
  const end = <usize>inputs * ROW_BYTES;
  for (let o = 0; o < outputs; o += 4) {
    for (let p: usize = 0; p < ROW_BYTES; p += 32) {
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
        row += ROW_BYTES;
        w += stride;
      } while (row != last);
      const to = out + p;
      const cosinesAt = cosines + p;
      storeResult(kind, a0, to, cosinesAt);
      storeResult(kind, b0, to + 16, cosinesAt + 16);
      storeResult(kind, a1, to + ROW_BYTES, cosinesAt + ROW_BYTES);
      storeResult(kind, b1, to + ROW_BYTES + 16, cosinesAt + ROW_BYTES + 16);
      storeResult(kind, a2, to + 2 * ROW_BYTES, cosinesAt + 2 * ROW_BYTES);
      storeResult(kind, b2, to + 2 * ROW_BYTES + 16, cosinesAt + 2 * ROW_BYTES + 16);
      storeResult(kind, a3, to + 3 * ROW_BYTES, cosinesAt + 3 * ROW_BYTES);
      storeResult(kind, b3, to + 3 * ROW_BYTES + 16, cosinesAt + 3 * ROW_BYTES + 16);
    }
    weights += 16;
    out += 4 * ROW_BYTES;
    cosines += 4 * ROW_BYTES;
    if (bias != 0) bias += 16;
  }
}

// @ts-ignore: decorator
@inline
function storeResult(kind: i32, z: v128, out: usize, cosines: usize): void {
  if (kind == LINEAR) v128.store(out, z);
  else if (kind == SINE) sineAndCosine(z, out, cosines);
  else v128.store(out, f32x4.mul(z, v128.load(out)));
}

/** Computes out = w^T h + b. */
export function linear(
  input: usize,
  inputs: i32,
  weights: usize,
  stride: usize,
  bias: usize,
  outputs: i32,
  out: usize,
): void {
  matmul(LINEAR, input, inputs, weights, stride, bias, outputs, out, out);
}

/** Computes a sine layer and its cosines. The weights are in turns (1 turn = 2 pi). */
export function sineLayer(
  input: usize,
  inputs: i32,
  weights: usize,
  stride: usize,
  bias: usize,
  outputs: i32,
  sines: usize,
  cosines: usize,
): void {
  matmul(SINE, input, inputs, weights, stride, bias, outputs, sines, cosines);
}

/**
 * Multiplies out, the cosines of a sine layer, by w d, where d is the gradient of the next layer's angles. The result is
 * the gradient of this layer's angles.
 */
export function backwardSine(
  input: usize,
  inputs: i32,
  weights: usize,
  stride: usize,
  outputs: i32,
  out: usize,
): void {
  matmul(GRADIENT, input, inputs, weights, stride, 0, outputs, out, out);
}

/** Computes out = w d. */
export function backwardLinear(
  input: usize,
  inputs: i32,
  weights: usize,
  stride: usize,
  outputs: i32,
  out: usize,
): void {
  matmul(LINEAR, input, inputs, weights, stride, 0, outputs, out, out);
}
