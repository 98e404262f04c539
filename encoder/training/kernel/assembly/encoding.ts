// The positional encoding of a strip of points, and its derivative with respect to the position.

import { madd, ROW_BYTES, storePair } from "./lanes";
import { sineAndCosine } from "./sine";

/**
 * Fills in the feature rows after x and y: for each k, sin x, sin y, cos x, cos y at frequency 2^k pi / 2. Each frequency
 * follows from the previous one by the double-angle formulas.
 */
export function encodePosition(features: usize, frequencies: i32): void {
  if (frequencies == 0) return;
  const one = f32x4.splat(1);
  const quarter = f32x4.splat(0.25);
  for (let p: usize = 0; p < 2 * ROW_BYTES; p += 32) {
    let at = features + p;
    const turnsA = f32x4.mul(v128.load(at), quarter);
    const turnsB = f32x4.mul(v128.load(at, 16), quarter);
    sineAndCosine(turnsA, turnsB, at + 2 * ROW_BYTES, at + 4 * ROW_BYTES);
    for (let k = 1; k < frequencies; k++) {
      const sineA = v128.load(at, 2 * ROW_BYTES);
      const sineB = v128.load(at, 2 * ROW_BYTES + 16);
      const doubledA = f32x4.add(sineA, sineA);
      const doubledB = f32x4.add(sineB, sineB);
      const nextA = f32x4.mul(doubledA, v128.load(at, 4 * ROW_BYTES));
      const nextB = f32x4.mul(doubledB, v128.load(at, 4 * ROW_BYTES + 16));
      const cosineA = f32x4.sub(one, f32x4.mul(doubledA, sineA));
      const cosineB = f32x4.sub(one, f32x4.mul(doubledB, sineB));
      at += 4 * ROW_BYTES;
      storePair(at + 2 * ROW_BYTES, nextA, nextB);
      storePair(at + 4 * ROW_BYTES, cosineA, cosineB);
    }
  }
}

/**
 * Converts the gradient of the position features to the gradient of the position, in place: the first two rows, x and y, of
 * `gradient`.
 */
export function backwardEncoding(features: usize, frequencies: i32, gradient: usize): void {
  for (let p: usize = 0; p < 2 * ROW_BYTES; p += 32) {
    let at = features + p;
    let featureGradient = gradient + p;
    let sumA = v128.load(featureGradient);
    let sumB = v128.load(featureGradient, 16);
    let factor: f32 = <f32>(Math.PI / 2);
    for (let k = 0; k < frequencies; k++) {
      const sineA = f32x4.mul(v128.load(featureGradient, 2 * ROW_BYTES), v128.load(at, 4 * ROW_BYTES));
      const sineB = f32x4.mul(
        v128.load(featureGradient, 2 * ROW_BYTES + 16),
        v128.load(at, 4 * ROW_BYTES + 16),
      );
      const cosineA = f32x4.mul(v128.load(featureGradient, 4 * ROW_BYTES), v128.load(at, 2 * ROW_BYTES));
      const cosineB = f32x4.mul(
        v128.load(featureGradient, 4 * ROW_BYTES + 16),
        v128.load(at, 2 * ROW_BYTES + 16),
      );
      const scale = f32x4.splat(factor);
      sumA = madd(f32x4.sub(sineA, cosineA), scale, sumA);
      sumB = madd(f32x4.sub(sineB, cosineB), scale, sumB);
      factor += factor;
      at += 4 * ROW_BYTES;
      featureGradient += 4 * ROW_BYTES;
    }
    storePair(gradient + p, sumA, sumB);
  }
}
