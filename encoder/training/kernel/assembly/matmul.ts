// Products of a small matrix with a strip of activations. Registers hold four outputs of eight points at a time, or of sixteen
// points in the wide build.

import { madd, maddIf, ROW_BYTES, storePair, WIDE } from "./lanes";
import { sineAndCosine } from "./sine";

const LINEAR = 0;
const SINE = 1;
const GRADIENT = 2;
/** Bytes of a row that the registers hold. */
const BLOCK_BYTES: usize = WIDE ? 64 : 32;

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
    for (let p: usize = 0; p < ROW_BYTES; p += BLOCK_BYTES) {
      let a0 = bias != 0 ? v128.load32_splat(bias) : f32x4.splat(0);
      let a1 = bias != 0 ? v128.load32_splat(bias, 4) : f32x4.splat(0);
      let a2 = bias != 0 ? v128.load32_splat(bias, 8) : f32x4.splat(0);
      let a3 = bias != 0 ? v128.load32_splat(bias, 12) : f32x4.splat(0);
      let b0 = a0;
      let b1 = a1;
      let b2 = a2;
      let b3 = a3;
      let c0 = a0;
      let c1 = a1;
      let c2 = a2;
      let c3 = a3;
      let d0 = a0;
      let d1 = a1;
      let d2 = a2;
      let d3 = a3;
      let row = input + p;
      let w = weights;
      const last = row + end;
      do {
        const xa = v128.load(row);
        const xb = v128.load(row, 16);
        const xc = WIDE ? v128.load(row, 32) : xa;
        const xd = WIDE ? v128.load(row, 48) : xb;
        let k = v128.load32_splat(w);
        a0 = madd(xa, k, a0);
        b0 = madd(xb, k, b0);
        c0 = maddIf(WIDE, xc, k, c0);
        d0 = maddIf(WIDE, xd, k, d0);
        k = v128.load32_splat(w, 4);
        a1 = madd(xa, k, a1);
        b1 = madd(xb, k, b1);
        c1 = maddIf(WIDE, xc, k, c1);
        d1 = maddIf(WIDE, xd, k, d1);
        k = v128.load32_splat(w, 8);
        a2 = madd(xa, k, a2);
        b2 = madd(xb, k, b2);
        c2 = maddIf(WIDE, xc, k, c2);
        d2 = maddIf(WIDE, xd, k, d2);
        k = v128.load32_splat(w, 12);
        a3 = madd(xa, k, a3);
        b3 = madd(xb, k, b3);
        c3 = maddIf(WIDE, xc, k, c3);
        d3 = maddIf(WIDE, xd, k, d3);
        row += ROW_BYTES;
        w += stride;
      } while (row != last);
      const to = out + p;
      const cosinesAt = cosines + p;
      storeResult(kind, a0, b0, to, cosinesAt);
      if (WIDE) storeResult(kind, c0, d0, to + 32, cosinesAt + 32);
      storeResult(kind, a1, b1, to + ROW_BYTES, cosinesAt + ROW_BYTES);
      if (WIDE) storeResult(kind, c1, d1, to + ROW_BYTES + 32, cosinesAt + ROW_BYTES + 32);
      storeResult(kind, a2, b2, to + 2 * ROW_BYTES, cosinesAt + 2 * ROW_BYTES);
      if (WIDE) storeResult(kind, c2, d2, to + 2 * ROW_BYTES + 32, cosinesAt + 2 * ROW_BYTES + 32);
      storeResult(kind, a3, b3, to + 3 * ROW_BYTES, cosinesAt + 3 * ROW_BYTES);
      if (WIDE) storeResult(kind, c3, d3, to + 3 * ROW_BYTES + 32, cosinesAt + 3 * ROW_BYTES + 32);
    }
    weights += 16;
    out += 4 * ROW_BYTES;
    cosines += 4 * ROW_BYTES;
    if (bias != 0) bias += 16;
  }
}

/** Stores the results of eight points. */
// @ts-ignore: decorator
@inline
function storeResult(kind: i32, a: v128, b: v128, out: usize, cosines: usize): void {
  if (kind == LINEAR) storePair(out, a, b);
  else if (kind == SINE) sineAndCosine(a, b, out, cosines);
  else storePair(out, f32x4.mul(a, v128.load(out)), f32x4.mul(b, v128.load(out, 16)));
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
