// Sine layers and the linear head in 16-bit fixed point, for eight pixels at a time. Lanes are pixels. A lane holds
// the activations of two channels in 1.15 fixed point: activations are i16[channel / 2][8][2]. One instruction
// multiplies and adds two channels of four pixels. Sums may overflow, because arithmetic modulo 2^32 is arithmetic
// modulo one turn.

import { cosine8, cosineConstant } from "./sine";

/** Combines the low half of each lane of `even` with the high half of `odd`: a pair of channels per lane. */
// @ts-ignore: decorator
@inline
export function combinePairs(even: v128, odd: v128): v128 {
  return v128.shuffle<i16>(even, odd, 0, 9, 2, 11, 4, 13, 6, 15);
}

// @ts-ignore: decorator
@inline
function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** Returns the phases of two channels for eight pixels, from their sums of products. */
// @ts-ignore: decorator
@inline
function phases(even: v128, odd: v128, shift: i32): v128 {
  return combinePairs(i32x4.shr_u(even, 16 - shift), i32x4.shl(odd, shift));
}

/**
 * Computes one sine layer and returns the address after its weights. weights: for every four outputs, four biases,
 * then `inputs / 2` times four pairs of weights. `shift` converts a sum of products to a phase of 2^32 per turn.
 */
// @ts-ignore: decorator
@inline
export function sineLayer(
  weights: usize,
  input: usize,
  inputs: i32,
  output: usize,
  outputs: i32,
  shift: i32,
): usize {
  const inputEnd = input + ((<usize>inputs) << 4);
  const outputEnd = output + ((<usize>outputs) << 4);
  const half = cosineConstant(0);
  const minusOne = cosineConstant(1);
  const c2 = cosineConstant(2);
  const c1 = cosineConstant(3);
  const c0 = cosineConstant(4);
  for (let to = output; to < outputEnd; to += 64) {
    let a0 = v128.load32_splat(weights);
    let b0 = a0;
    let a1 = v128.load32_splat(weights, 4);
    let b1 = a1;
    let a2 = v128.load32_splat(weights, 8);
    let b2 = a2;
    let a3 = v128.load32_splat(weights, 12);
    let b3 = a3;
    weights += 16;
    for (let h = input; h < inputEnd; h += 32) {
      const x = v128.load(h);
      const y = v128.load(h, 16);
      let w = v128.load32_splat(weights);
      a0 = multiplyAdd(a0, x, w);
      b0 = multiplyAdd(b0, y, w);
      w = v128.load32_splat(weights, 4);
      a1 = multiplyAdd(a1, x, w);
      b1 = multiplyAdd(b1, y, w);
      w = v128.load32_splat(weights, 8);
      a2 = multiplyAdd(a2, x, w);
      b2 = multiplyAdd(b2, y, w);
      w = v128.load32_splat(weights, 12);
      a3 = multiplyAdd(a3, x, w);
      b3 = multiplyAdd(b3, y, w);
      weights += 16;
    }
    v128.store(to, cosine8(phases(a0, a1, shift), half, minusOne, c2, c1, c0));
    v128.store(to, cosine8(phases(b0, b1, shift), half, minusOne, c2, c1, c0), 16);
    v128.store(to, cosine8(phases(a2, a3, shift), half, minusOne, c2, c1, c0), 32);
    v128.store(to, cosine8(phases(b2, b3, shift), half, minusOne, c2, c1, c0), 48);
  }
  return weights;
}

/**
 * Computes the linear head and adds it, multiplied by the cross-fade weights, to the three planes of the sums: four
 * columns of two rows. head: f32 scale, f32 bias[3], then `width / 2` times three pairs of weights.
 */
// @ts-ignore: decorator
@inline
export function headLayer(
  head: usize,
  input: usize,
  width: i32,
  upperFade: v128,
  lowerFade: v128,
  sum: usize,
  stride: usize,
  plane: usize,
): void {
  let r0 = i32x4.splat(0);
  let r1 = r0;
  let g0 = r0;
  let g1 = r0;
  let b0 = r0;
  let b1 = r0;
  const end = input + ((<usize>width) << 4);
  let weights = head + 16;
  while (input < end) {
    const x = v128.load(input);
    const y = v128.load(input, 16);
    let w = v128.load32_splat(weights);
    r0 = multiplyAdd(r0, x, w);
    r1 = multiplyAdd(r1, y, w);
    w = v128.load32_splat(weights, 4);
    g0 = multiplyAdd(g0, x, w);
    g1 = multiplyAdd(g1, y, w);
    w = v128.load32_splat(weights, 8);
    b0 = multiplyAdd(b0, x, w);
    b1 = multiplyAdd(b1, y, w);
    input += 32;
    weights += 12;
  }
  const scale = v128.load32_splat(head);
  let bias = v128.load32_splat(head, 4);
  addColor(sum, r0, scale, bias, upperFade);
  addColor(sum + stride, r1, scale, bias, lowerFade);
  sum += plane;
  bias = v128.load32_splat(head, 8);
  addColor(sum, g0, scale, bias, upperFade);
  addColor(sum + stride, g1, scale, bias, lowerFade);
  sum += plane;
  bias = v128.load32_splat(head, 12);
  addColor(sum, b0, scale, bias, upperFade);
  addColor(sum + stride, b1, scale, bias, lowerFade);
}

// @ts-ignore: decorator
@inline
function addColor(at: usize, value: v128, scale: v128, bias: v128, fade: v128): void {
  const color = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(value), scale), bias);
  v128.store(at, f32x4.add(v128.load(at), f32x4.mul(color, fade)));
}
