import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { CHANNELS } from "../../codec/internal.js";
import { diverged } from "../errors.js";
import { type KernelVariant, kernelBuild } from "../training/kernel/kernel.js";
import { KernelRun } from "../training/kernel/kernel-run.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import { Sampler } from "../training/sampling/sampler.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";
import { requireWeights } from "../training/weights.js";

/** Number of batches of points over which the normal equations of a tile are summed. */
const BATCHES = 40;
const POINTS_PER_BATCH = 384;
/** Ridge that is added to the diagonal, as a share of its mean. It gives small weights to units that hardly vary. */
const RIDGE = 1e-4;

/** Key of the least-squares sample in random streams. */
const SAMPLE_STREAM = 2;

/** Linear heads of a range of tiles. */
export interface Heads {
  /** [tiles, width, 3]. */
  readonly head: Float32Array;
  /** [tiles, 3]. */
  readonly bias: Float32Array;
}

/** The engine that sums the normal equations, and the sample over which it sums them. */
export interface LeastSquaresOptions {
  readonly engine: "kernel" | "onnx";
  /** Variant of the kernel. Default "plain". */
  readonly kernel?: KernelVariant;
  /** Device of onnxruntime. */
  readonly device: Device;
  /** Threads of onnxruntime. */
  readonly threads: number;
  readonly seed: number;
  /** Distinguishes the random streams of groups and phases. */
  readonly keys: readonly number[];
  readonly signal?: AbortSignal;
}

/**
 * Returns the best linear heads for the given hidden layers, by least squares per tile over a new sample of the group. If
 * the hidden layers are quantized already, the heads compensate for part of their error.
 * @throws EncoderError `diverged` if the hidden layers are not finite
 */
export async function solveHeads(problem: TrainingProblem, options: LeastSquaresOptions): Promise<Heads> {
  const { engine, seed, keys } = options;
  const plan = {
    steps: BATCHES,
    points: POINTS_PER_BATCH,
    learningRate: 1,
    motionLearningRate: 1,
    seed,
    keys: [...keys, SAMPLE_STREAM],
  };
  if (engine === "kernel") return solveByKernel(problem, plan, options);
  // Imported only here: onnxruntime takes long to load in every thread, and the kernel does not need it.
  const { normalEquationsByGraph } = await import("./normal-equations.js");
  const { gram, cross } = await normalEquationsByGraph(problem, plan, options);
  return solveTiles(gram, cross, problem);
}

async function solveByKernel(
  problem: TrainingProblem,
  plan: TrainingPlan,
  { kernel = "plain", signal }: LeastSquaresOptions,
): Promise<Heads> {
  const { count } = problem.target.tiles;
  const n = problem.width + 1;
  const gram = new Float32Array(count * n * n);
  const cross = new Float32Array(count * n * CHANNELS);
  const run = await KernelRun.create(problem, plan, BATCHES, kernelBuild(kernel));
  try {
    run.loadSamples(new Sampler(problem.target, plan), BATCHES);
    for (let tile = 0; tile < count; tile++) {
      signal?.throwIfAborted();
      const sums = run.normalEquations(tile, BATCHES);
      gram.set(sums.gram, tile * n * n);
      cross.set(sums.cross, tile * n * CHANNELS);
    }
  } finally {
    run.release();
  }
  return solveTiles(gram, cross, problem);
}

/** Solves the normal equations of each tile: `gram` [tiles, n, n] and `cross` [tiles, n, 3], with n = width + 1. */
function solveTiles(
  gram: Float32Array,
  cross: Float32Array,
  { weights, width, target }: TrainingProblem,
): Heads {
  const tiles = target.tiles.count;
  const n = width + 1;
  const head = Float32Array.from(requireWeights(weights, "head"));
  const bias = Float32Array.from(requireWeights(weights, "head_bias"));
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
