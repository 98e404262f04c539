// The positional encoding of a strip of points, and its derivative by the displacement.

import { madd, ROW } from "./lanes";
import { sineAndCosine } from "./sine";

/**
 * features: rows x, y (already there), then for each k: sin x, sin y, cos x, cos y of 2^k pi / 2, each frequency
 * from the one before by the double-angle formulas.
 */
export function encode(features: usize, frequencies: i32): void {
  if (frequencies == 0) return;
  const one = f32x4.splat(1);
  for (let p: usize = 0; p < 2 * ROW; p += 16) {
    let at = features + p;
    sineAndCosine(f32x4.mul(v128.load(at), f32x4.splat(0.25)), at + 2 * ROW, at + 4 * ROW);
    for (let k = 1; k < frequencies; k++) {
      const sine = v128.load(at, 2 * ROW);
      const twice = f32x4.add(sine, sine);
      at += 4 * ROW;
      v128.store(at, f32x4.mul(twice, v128.load(at)), 2 * ROW);
      v128.store(at, f32x4.sub(one, f32x4.mul(twice, sine)), 4 * ROW);
    }
  }
}

/**
 * gradient: rows of the position's features; those of x and y become the gradient by the position itself.
 */
export function encodingSlope(features: usize, frequencies: i32, gradient: usize): void {
  for (let p: usize = 0; p < 2 * ROW; p += 16) {
    let at = features + p;
    let slope = gradient + p;
    let sum = v128.load(slope);
    let factor: f32 = <f32>(Math.PI / 2);
    for (let k = 0; k < frequencies; k++) {
      const ofSine = f32x4.mul(v128.load(slope, 2 * ROW), v128.load(at, 4 * ROW));
      const ofCosine = f32x4.mul(v128.load(slope, 4 * ROW), v128.load(at, 2 * ROW));
      sum = madd(f32x4.sub(ofSine, ofCosine), f32x4.splat(factor), sum);
      factor += factor;
      at += 4 * ROW;
      slope += 4 * ROW;
    }
    v128.store(gradient + p, sum);
  }
}
