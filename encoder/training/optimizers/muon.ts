import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import { momentNames } from "./adam.js";

const MOMENTUM = 0.95;
const ITERATIONS = 5;
/** Coefficients of the quintic iteration (K. Jordan, "Muon", 2024). */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/**
 * One step of Muon (K. Jordan et al. 2024) on a stack of matrices [n, in, out]: Nesterov momentum, each
 * matrix then brought near its orthogonal factor by Newton-Schulz iterations. `learningRate` is [1];
 * `rate` scales it.
 */
export function muonStep(
  g: Operations,
  parameter: Tensor,
  gradient: Tensor,
  learningRate: Tensor,
  rate: number,
): LoopStep["state"] {
  const m = g.input(momentNames(parameter.name ?? "")[0], parameter.shape);
  const nextM = g.add(g.scale(m, MOMENTUM), gradient);
  const update = orthogonalized(g, g.add(gradient, g.scale(nextM, MOMENTUM)));
  const next = g.subtract(parameter, g.multiply(update, g.scale(learningRate, rate)));
  return [
    { before: parameter, after: next },
    { before: m, after: nextM },
  ];
}

/** Matrices [n, in, out] with their singular values brought near 1. */
function orthogonalized(g: Operations, matrices: Tensor): Tensor {
  const [, rows, columns] = matrices.shape;
  const wide = columns > rows;
  const norm = g.sqrt(g.sum(g.multiply(matrices, matrices), [1, 2]));
  let x = g.divide(matrices, g.add(norm, g.constant(1e-12)));
  for (let i = 0; i < ITERATIONS; i++) {
    const gram = wide ? g.matmul(x, g.transpose(x)) : g.matmul(g.transpose(x), x);
    const polynomial = g.add(g.scale(gram, B), g.scale(g.matmul(gram, gram), C));
    const product = wide ? g.matmul(polynomial, x) : g.matmul(x, polynomial);
    x = g.add(g.scale(x, A), product);
  }
  return x;
}
