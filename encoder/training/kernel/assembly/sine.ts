// Sine and cosine in turns: sin(2 pi z), cos(2 pi z).

import { madd, storePair } from "./lanes";

/**
 * Minimax coefficients of sin(2 pi r) / r and of cos(2 pi r) in r^2 for |r| <= 1/4, highest power first. The maximum error
 * is 2e-7 in float32.
 */
const SINE = memory.data<f32>(
  [39.53670436191732, -76.54978208066524, 81.60100406453098, -41.34165503128648, 6.283185160088971],
  16,
);
const COSINE = memory.data<f32>(
  [56.24238047005117, -85.24033041613583, 64.93459063550526, -19.73917143492921, 1],
  16,
);
/** 1.5 * 2^23, which leaves the nearest integer in the low bits when added to a number below 2^22; and a factor. */
const REDUCTION = memory.data<f32>([12582912, -0.5], 16);

/**
 * Stores the sines and cosines of eight angles in turns. Reduces each angle by half turns; an odd number of half turns flips
 * both signs.
 */
// @ts-ignore: decorator
@inline
export function sineAndCosine(za: v128, zb: v128, sines: usize, cosines: usize): void {
  const rounding = v128.load32_splat(REDUCTION);
  const minusHalf = v128.load32_splat(REDUCTION, 4);
  const shiftedA = f32x4.add(f32x4.add(za, za), rounding);
  const shiftedB = f32x4.add(f32x4.add(zb, zb), rounding);
  const ra = madd(f32x4.sub(shiftedA, rounding), minusHalf, za);
  const rb = madd(f32x4.sub(shiftedB, rounding), minusHalf, zb);
  const flipA = i32x4.shl(shiftedA, 31);
  const flipB = i32x4.shl(shiftedB, 31);
  const sa = f32x4.mul(ra, ra);
  const sb = f32x4.mul(rb, rb);
  let coefficient = v128.load32_splat(SINE);
  let next = v128.load32_splat(SINE, 4);
  let pa = madd(coefficient, sa, next);
  let pb = madd(coefficient, sb, next);
  coefficient = v128.load32_splat(COSINE);
  next = v128.load32_splat(COSINE, 4);
  let qa = madd(coefficient, sa, next);
  let qb = madd(coefficient, sb, next);
  coefficient = v128.load32_splat(SINE, 8);
  next = v128.load32_splat(COSINE, 8);
  pa = madd(pa, sa, coefficient);
  pb = madd(pb, sb, coefficient);
  qa = madd(qa, sa, next);
  qb = madd(qb, sb, next);
  coefficient = v128.load32_splat(SINE, 12);
  next = v128.load32_splat(COSINE, 12);
  pa = madd(pa, sa, coefficient);
  pb = madd(pb, sb, coefficient);
  qa = madd(qa, sa, next);
  qb = madd(qb, sb, next);
  coefficient = v128.load32_splat(SINE, 16);
  next = v128.load32_splat(COSINE, 16);
  pa = madd(pa, sa, coefficient);
  pb = madd(pb, sb, coefficient);
  qa = madd(qa, sa, next);
  qb = madd(qb, sb, next);
  pa = v128.xor(f32x4.mul(pa, ra), flipA);
  pb = v128.xor(f32x4.mul(pb, rb), flipB);
  storePair(sines, pa, pb);
  storePair(cosines, v128.xor(qa, flipA), v128.xor(qb, flipB));
}
