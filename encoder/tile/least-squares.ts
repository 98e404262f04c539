import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { CHANNELS } from "../../codec/internal.js";
import { diverged } from "../errors.js";
import { type KernelVariant, kernelBuild } from "../training/kernel/kernel.js";
import { KernelRun } from "../training/kernel/kernel-run.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import { windowLines, windowPixels } from "../training/sampling/group-target.js";
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
  /** [tiles]: mean squared error over the sample in normalized units; empty unless `measureErrors` is set. */
  readonly errors: Float64Array;
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
  /** Whether to return the error of each tile. Default false. */
  readonly measureErrors?: boolean;
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
  const squares = options.measureErrors ? sumOfSquares(problem, plan) : undefined;
  if (engine === "kernel") {
    const { gram, cross } = await normalEquationsByKernel(problem, plan, options);
    return solveTiles(gram, cross, problem, squares);
  }
  // Imported only here: onnxruntime takes long to load in every thread, and the kernel does not need it.
  const { normalEquationsByGraph } = await import("./normal-equations.js");
  const { gram, cross } = await normalEquationsByGraph(problem, plan, options);
  return solveTiles(gram, cross, problem, squares);
}

async function normalEquationsByKernel(
  problem: TrainingProblem,
  plan: TrainingPlan,
  { kernel = "plain", signal }: LeastSquaresOptions,
): Promise<{ gram: Float32Array; cross: Float32Array }> {
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
  return { gram, cross };
}

/** Returns the sum of the squared normalized colors of each tile over the sample. */
function sumOfSquares({ target }: TrainingProblem, plan: TrainingPlan): Float64Array {
  const { mean, deviation } = target.normalization;
  const { rows } = new Sampler(target, plan).sample(plan.steps);
  const pixels = windowPixels(target.windows);
  const { width } = target.windows;
  const sums = new Float64Array(target.tiles.count);
  for (let tile = 0; tile < sums.length; tile++) {
    const lines = [...windowLines(target, tile)];
    for (const row of rows) {
      const at = Number(row);
      const line = Math.floor(at / pixels) * target.windows.height + Math.floor((at % pixels) / width);
      const from = lines[line] + ((at % pixels) % width) * CHANNELS;
      for (let c = 0; c < CHANNELS; c++)
        sums[tile] += ((target.frames[from + c] / 255 - mean) / deviation) ** 2;
    }
  }
  return sums;
}

/** Solves the normal equations of each tile: `gram` [tiles, n, n] and `cross` [tiles, n, 3], with n = width + 1. */
function solveTiles(
  gram: Float32Array,
  cross: Float32Array,
  { weights, width, target }: TrainingProblem,
  squares: Float64Array | undefined,
): Heads {
  const tiles = target.tiles.count;
  const n = width + 1;
  const head = Float32Array.from(requireWeights(weights, "head"));
  const bias = Float32Array.from(requireWeights(weights, "head_bias"));
  const errors = new Float64Array(squares === undefined ? 0 : tiles);
  for (let tile = 0; tile < tiles; tile++) {
    const left = Matrix.from1DArray(n, n, gram.subarray(tile * n * n, (tile + 1) * n * n));
    const right = Matrix.from1DArray(
      n,
      CHANNELS,
      cross.subarray(tile * n * CHANNELS, (tile + 1) * n * CHANNELS),
    );
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) left.set(i, j, left.get(j, i));
    if (!Number.isFinite(left.sum() + right.sum())) throw diverged();
    const gramOfTile = left.clone();
    const ridge = (RIDGE * left.trace()) / n;
    for (let i = 0; i < n; i++) left.set(i, i, left.get(i, i) + ridge);
    const factor = new CholeskyDecomposition(left);
    if (!factor.isPositiveDefinite()) {
      if (squares !== undefined) errors[tile] = squares[tile] / (BATCHES * POINTS_PER_BATCH * CHANNELS);
      continue;
    }
    const solution = factor.solve(right);
    if (squares !== undefined) {
      // The sum of (y - w h)^2 is y^2 - 2 w h y + w h h w.
      const explained = solution
        .transpose()
        .mmul(right.clone().mul(2).sub(gramOfTile.mmul(solution)))
        .trace();
      errors[tile] = Math.max(0, squares[tile] - explained) / (BATCHES * POINTS_PER_BATCH * CHANNELS);
    }
    for (let c = 0; c < CHANNELS; c++) {
      for (let i = 0; i < width; i++) head[(tile * width + i) * CHANNELS + c] = solution.get(i, c);
      bias[tile * CHANNELS + c] = solution.get(width, c);
    }
  }
  return { head, bias, errors };
}
