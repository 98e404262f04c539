import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";

/**
 * Builds the positional encoding of x [n, 2, B] with points along the last axis: [n, 2 + 4 frequencies, B]. Its rows are
 * x, y, then for each k: sin x, sin y, cos x, cos y at frequency 2^k base. Each frequency follows from the previous one
 * by the double-angle formulas, so only one sine and one cosine are computed.
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

/**
 * Builds a sine layer: h [n, in, B], weights [m, in, out], bias [m, out, 1] ->
 * sin(omega (w^T h + b)) [max(n, m), out, B].
 */
export function sineLayer(
  g: Operations,
  h: Tensor,
  { weights, bias }: { readonly weights: Tensor; readonly bias: Tensor },
  omega: number,
): Tensor {
  return g.sin(g.scale(linear(g, h, weights, bias), omega));
}

/** Builds a linear layer: h [n, in, B], weights [m, in, out], bias [m, out, 1] -> w^T h + b [max(n, m), out, B]. */
export function linear(g: Operations, h: Tensor, weights: Tensor, bias: Tensor): Tensor {
  return g.add(g.autocastMatmul(g.transpose(weights), h), bias);
}
