import { CHANNELS } from "../../codec/internal.js";
import { exportLoop } from "../graph/onnx-export.js";
import { Operations } from "../graph/operations.js";
import { tileHiddenForward } from "../training/network/forward.js";
import { perStepInputs, type TileShape, tileInputs } from "../training/network/tile-inputs.js";
import {
  type Device,
  type Feed,
  float32Tensor,
  int64Tensor,
  loadGraph,
} from "../training/onnx/onnx-runtime.js";
import { constantFeeds, tileShape, weightShape } from "../training/onnx/training-steps.js";
import { Sampler } from "../training/sampling/sampler.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";

/**
 * Sums the normal equations of all tiles over the steps and points of `plan` in onnxruntime.
 * @returns `gram` [tiles, n, n] and `cross` [tiles, n, 3], with n = width + 1
 */
export async function normalEquationsByGraph(
  problem: TrainingProblem,
  plan: TrainingPlan,
  { device, threads, signal }: { device: Device; threads: number; signal?: AbortSignal },
): Promise<{ gram: Float32Array; cross: Float32Array }> {
  const shape = tileShape(problem, plan.points);
  const graph = await loadGraph(normalEquations(shape), device, threads);
  try {
    const n = problem.width + 1;
    const samples = new Sampler(problem.target, plan).sample(plan.steps);
    const feeds: Record<string, Feed> = {
      ...constantFeeds(problem),
      steps: int64Tensor(BigInt64Array.of(BigInt(plan.steps)), []),
      all_rows: int64Tensor(samples.rows, [plan.steps, plan.points]),
      all_position: float32Tensor(samples.position, [plan.steps, 1, 2, plan.points]),
      all_frame: float32Tensor(samples.frame, [plan.steps, plan.points]),
      first_gram: float32Tensor(new Float32Array(shape.tiles * n * n), [shape.tiles, n, n]),
      first_cross: float32Tensor(new Float32Array(shape.tiles * n * CHANNELS), [shape.tiles, n, CHANNELS]),
    };
    for (const [name, values] of problem.weights) {
      if (!name.startsWith("head")) feeds[name] = float32Tensor(values, weightShape(name, values, shape));
    }
    signal?.throwIfAborted();
    const { next_gram, next_cross } = await graph.run(feeds);
    return { gram: next_gram, cross: next_cross };
  } finally {
    await graph.release();
  }
}

/** Builds a graph that sums h h^T [tiles, n, n] and h y^T [tiles, n, 3] over batches of points; h ends with a one. */
function normalEquations(shape: TileShape): Uint8Array {
  const g = new Operations();
  const inputs = tileInputs(g, shape);
  const hidden = tileHiddenForward(g, shape.network, inputs.parameters, inputs.points);
  const ones = g.expand(g.constant([1], [1, 1, 1]), [shape.tiles, 1, shape.points]);
  const h = g.concat([hidden, ones], 1);
  const n = shape.width + 1;
  const gram = g.input("gram", [shape.tiles, n, n]);
  const cross = g.input("cross", [shape.tiles, n, CHANNELS]);
  return exportLoop({
    state: [
      { before: gram, after: g.add(gram, g.matmul(h, g.transpose(h))) },
      { before: cross, after: g.add(cross, g.matmul(h, g.transpose(inputs.target))) },
    ],
    perStep: perStepInputs(inputs),
    record: {},
  });
}
