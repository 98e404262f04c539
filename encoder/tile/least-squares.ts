import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { CHANNELS } from "../../codec/internal.js";
import { diverged } from "../errors.js";
import { KernelRun } from "../training/kernel/kernel-run.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import { Sampler } from "../training/sampling/sampler.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";

/** Points a tile that the normal equations are summed over. */
const BATCHES = 40;
const POINTS = 384;
/** Added to the diagonal, as a share of its mean, so that idle units do no harm. */
const RIDGE = 1e-4;

/**
 * The best linear heads for the hidden layers as they are: least squares a tile over a fresh sample of the
 * group. Returns `head` and `head_bias`; hidden layers are usually the quantized ones, so that the heads
 * make up for part of their error.
 */
export async function solveHeads(
  problem: TrainingProblem,
  options: {
    /** What sums the equations up: the kernel, or onnxruntime. */
    engine: "kernel" | "onnx";
    device: Device;
    threads: number;
    seed: number;
    keys: readonly number[];
    signal?: AbortSignal;
  },
): Promise<{ head: Float32Array; bias: Float32Array }> {
  const { seed, keys, signal } = options;
  const plan = { steps: BATCHES, points: POINTS, rate: 1, motionRate: 1, seed, keys: [...keys, 2] };
  if (options.engine === "kernel") return solveByKernel(problem, plan, signal);
  // Loaded where it is needed: the kernel does without onnxruntime, which takes a while to load in every thread.
  const { normalEquationsByGraph } = await import("./normal-equations.js");
  const { gram, cross } = await normalEquationsByGraph(problem, plan, options);
  return solveTiles(gram, cross, problem);
}

async function solveByKernel(
  problem: TrainingProblem,
  plan: TrainingPlan,
  signal: AbortSignal | undefined,
): Promise<{ head: Float32Array; bias: Float32Array }> {
  const { count } = problem.target.tiles;
  const n = problem.width + 1;
  const gram = new Float32Array(count * n * n);
  const cross = new Float32Array(count * n * CHANNELS);
  const job = await KernelRun.create(problem, plan, BATCHES);
  try {
    job.draw(new Sampler(problem.target, plan), BATCHES);
    for (let tile = 0; tile < count; tile++) {
      signal?.throwIfAborted();
      const sums = job.normalEquations(tile, BATCHES);
      gram.set(sums.gram, tile * n * n);
      cross.set(sums.cross, tile * n * CHANNELS);
    }
  } finally {
    job.release();
  }
  return solveTiles(gram, cross, problem);
}

function solveTiles(
  gram: Float32Array,
  cross: Float32Array,
  { weights, width, target }: TrainingProblem,
): { head: Float32Array; bias: Float32Array } {
  const tiles = target.tiles.count;
  const n = width + 1;
  const head = Float32Array.from(weights.get("head") as Float32Array);
  const bias = Float32Array.from(weights.get("head_bias") as Float32Array);
  for (let tile = 0; tile < tiles; tile++) {
    const left = Matrix.from1DArray(n, n, gram.subarray(tile * n * n, (tile + 1) * n * n));
    const right = Matrix.from1DArray(
      n,
      CHANNELS,
      cross.subarray(tile * n * CHANNELS, (tile + 1) * n * CHANNELS),
    );
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) left.set(i, j, left.get(j, i));
    if (!Number.isFinite(left.sum() + right.sum())) throw diverged();
    const ridge = (RIDGE * left.trace()) / n;
    for (let i = 0; i < n; i++) left.set(i, i, left.get(i, i) + ridge);
    const factor = new CholeskyDecomposition(left);
    if (!factor.isPositiveDefinite()) continue;
    const solution = factor.solve(right);
    for (let c = 0; c < CHANNELS; c++) {
      for (let i = 0; i < width; i++) head[(tile * width + i) * CHANNELS + c] = solution.get(i, c);
      bias[tile * CHANNELS + c] = solution.get(width, c);
    }
  }
  return { head, bias };
}
