import type { LoopStep } from "../../graph/onnx-export.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";
import { momentBufferNames } from "./adam.js";

/** Muon's learning rate as a multiple of AdamW's (docs/how-it-works.md, "Optimizers"). */
export const MUON_LEARNING_RATE_SCALE = 0.8;

const MOMENTUM = 0.95;
const ITERATIONS = 5;
/** Coefficients of the quintic Newton-Schulz iteration (K. Jordan, "Muon", 2024). */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/**
 * Builds one step of Muon (K. Jordan et al. 2024) for a stack of matrices [n, in, out]: Nesterov momentum, then
 * Newton-Schulz iterations that bring each matrix close to its orthogonal factor. Returns the updates of the parameter
 * and of its momentum buffer.
 *
 * @param inputs.learningRate [1], AdamW's learning rate
 */
export function muonStep(
  g: Operations,
  {
    parameter,
    gradient,
    learningRate,
  }: { readonly parameter: Tensor; readonly gradient: Tensor; readonly learningRate: Tensor },
): LoopStep["state"] {
  const momentum = g.input(momentBufferNames(parameter.name ?? "")[0], parameter.shape);
  const nextMomentum = g.add(g.scale(momentum, MOMENTUM), gradient);
  const update = orthogonalized(g, g.add(gradient, g.scale(nextMomentum, MOMENTUM)));
  const stepSize = g.scale(learningRate, MUON_LEARNING_RATE_SCALE);
  const next = g.subtract(parameter, g.multiply(update, stepSize));
  return [
    { before: parameter, after: next },
    { before: momentum, after: nextMomentum },
  ];
}

/** Brings the singular values of matrices [n, in, out] close to 1. */
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
