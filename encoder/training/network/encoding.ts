import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";

/**
 * Positional encoding with the points along the last axis: x [n, 2, B] -> [n, 2 + 4 frequencies, B]:
 * x, y, then for each k: sin x, sin y, cos x, cos y of 2^k base x. Each frequency follows from the one
 * before by the double-angle formulas, so that a sine and a cosine are taken once.
 */
export function encodePosition(g: Operations, x: Tensor, base: number, frequencies: number): Tensor {
  const parts = [x];
  let sine = g.sin(g.scale(x, base));
  let cosine = g.cos(g.scale(x, base));
  for (let k = 0; k < frequencies; k++) {
    if (k > 0) {
      const doubled = g.scale(g.multiply(sine, cosine), 2);
      cosine = g.subtract(g.constant(1), g.scale(g.multiply(sine, sine), 2));
      sine = doubled;
    }
    parts.push(sine, cosine);
  }
  return g.concat(parts, 1);
}

/** A sine layer: h [n, in, B], weights [m, in, out], bias [m, out, 1] -> sin(omega (w^T h + b)), [max(n, m), out, B]. */
export function sineLayer(g: Operations, h: Tensor, weights: Tensor, bias: Tensor, omega: number): Tensor {
  return g.sin(g.scale(linear(g, h, weights, bias), omega));
}

/** h [n, in, B], weights [m, in, out], bias [m, out, 1] -> w^T h + b. */
export function linear(g: Operations, h: Tensor, weights: Tensor, bias: Tensor): Tensor {
  return g.add(g.product(g.transpose(weights), h), bias);
}
