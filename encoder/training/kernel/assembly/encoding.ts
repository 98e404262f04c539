// The positional encoding of a strip of points, and its derivative with respect to the position.

import { madd, ROW_BYTES } from "./lanes";
import { sineAndCosine } from "./sine";

/**
 * Fills in the feature rows after x and y: for each k, sin x, sin y, cos x, cos y at frequency 2^k pi / 2. Each frequency
 * follows from the previous one by the double-angle formulas.
 */
export function encodePosition(features: usize, frequencies: i32): void {
  if (frequencies == 0) return;
  const one = f32x4.splat(1);
  for (let p: usize = 0; p < 2 * ROW_BYTES; p += 16) {
    let at = features + p;
    sineAndCosine(f32x4.mul(v128.load(at), f32x4.splat(0.25)), at + 2 * ROW_BYTES, at + 4 * ROW_BYTES);
    for (let k = 1; k < frequencies; k++) {
      const sine = v128.load(at, 2 * ROW_BYTES);
      const doubled = f32x4.add(sine, sine);
      at += 4 * ROW_BYTES;
      v128.store(at, f32x4.mul(doubled, v128.load(at)), 2 * ROW_BYTES);
      v128.store(at, f32x4.sub(one, f32x4.mul(doubled, sine)), 4 * ROW_BYTES);
    }
  }
}

/**
 * Converts the gradient of the position features to the gradient of the position, in place: the first two rows, x and y, of
 * `gradient`.
 */
export function backwardEncoding(features: usize, frequencies: i32, gradient: usize): void {
  for (let p: usize = 0; p < 2 * ROW_BYTES; p += 16) {
    let at = features + p;
    let featureGradient = gradient + p;
    let sum = v128.load(featureGradient);
    let factor: f32 = <f32>(Math.PI / 2);
    for (let k = 0; k < frequencies; k++) {
      const sineTerm = f32x4.mul(v128.load(featureGradient, 2 * ROW_BYTES), v128.load(at, 4 * ROW_BYTES));
      const cosineTerm = f32x4.mul(v128.load(featureGradient, 4 * ROW_BYTES), v128.load(at, 2 * ROW_BYTES));
      sum = madd(f32x4.sub(sineTerm, cosineTerm), f32x4.splat(factor), sum);
      factor += factor;
      at += 4 * ROW_BYTES;
      featureGradient += 4 * ROW_BYTES;
    }
    v128.store(gradient + p, sum);
  }
}
