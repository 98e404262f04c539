// Sine and cosine in turns: sin(2 pi z), cos(2 pi z).

import { madd } from "./lanes";

/**
 * Minimax coefficients of sin(2 pi r) / r and of cos(2 pi r) in r^2 for |r| <= 1/4, highest power first. The maximum error
 * is 2e-7 in float32. Each coefficient is repeated four times, so that it loads as a vector.
 */
const SINE = memory.data<f32>(
  [
    39.53670436191732, 39.53670436191732, 39.53670436191732, 39.53670436191732, -76.54978208066524,
    -76.54978208066524, -76.54978208066524, -76.54978208066524, 81.60100406453098, 81.60100406453098,
    81.60100406453098, 81.60100406453098, -41.34165503128648, -41.34165503128648, -41.34165503128648,
    -41.34165503128648, 6.283185160088971, 6.283185160088971, 6.283185160088971, 6.283185160088971,
  ],
  16,
);
const COSINE = memory.data<f32>(
  [
    56.24238047005117, 56.24238047005117, 56.24238047005117, 56.24238047005117, -85.24033041613583,
    -85.24033041613583, -85.24033041613583, -85.24033041613583, 64.93459063550526, 64.93459063550526,
    64.93459063550526, 64.93459063550526, -19.73917143492921, -19.73917143492921, -19.73917143492921,
    -19.73917143492921, 1, 1, 1, 1,
  ],
  16,
);
/** 1.5 * 2^23. Added to a number below 2^22, it leaves the nearest integer in the low bits. */
const ROUNDING_SHIFT = memory.data<f32>([12582912, 12582912, 12582912, 12582912], 16);

/**
 * Stores the sine and cosine of four angles in turns. Reduces each angle by half turns; an odd number of half turns flips
 * both signs.
 */
// @ts-ignore: decorator
@inline
export function sineAndCosine(z: v128, sine: usize, cosine: usize): void {
  const shifted = f32x4.add(f32x4.add(z, z), v128.load(ROUNDING_SHIFT));
  const r = madd(f32x4.sub(shifted, v128.load(ROUNDING_SHIFT)), f32x4.splat(-0.5), z);
  const flip = i32x4.shl(shifted, 31);
  const s = f32x4.mul(r, r);
  let p = madd(v128.load(SINE), s, v128.load(SINE, 16));
  let q = madd(v128.load(COSINE), s, v128.load(COSINE, 16));
  p = madd(p, s, v128.load(SINE, 32));
  q = madd(q, s, v128.load(COSINE, 32));
  p = madd(p, s, v128.load(SINE, 48));
  q = madd(q, s, v128.load(COSINE, 48));
  p = madd(p, s, v128.load(SINE, 64));
  q = madd(q, s, v128.load(COSINE, 64));
  v128.store(sine, v128.xor(f32x4.mul(p, r), flip));
  v128.store(cosine, v128.xor(q, flip));
}
