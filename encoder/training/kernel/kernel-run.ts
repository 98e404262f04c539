import { CHANNELS } from "../../../codec/internal.js";
import { ADAM_SCHEDULE_LENGTH } from "../optimizers/adam.js";
import { MUON_LEARNING_RATE_SCALE } from "../optimizers/muon.js";
import { type GroupTarget, windowLines, windowPixels } from "../sampling/group-target.js";
import type { Sampler } from "../sampling/sampler.js";
import { oneCycle, quantizationSchedule } from "../schedules/schedule.js";
import type { TrainingPlan, TrainingProblem } from "../trainer.js";
import type { TrainingWeights } from "../weights.js";
import { type KernelBuild, TrainingKernel } from "./kernel.js";
import { type MemoryLayout, planMemory, SAMPLE_ROWS } from "./memory-layout.js";
import { readParameters, writeParameters } from "./parameter-layout.js";

/** Trains a range of tiles of one group in the memory of a kernel, until `release` frees it. */
export class KernelRun {
  readonly #kernel: TrainingKernel;
  readonly #layout: MemoryLayout;
  readonly #problem: TrainingProblem;

  private constructor(kernel: TrainingKernel, layout: MemoryLayout, problem: TrainingProblem) {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#problem = problem;
  }

  /**
   * Loads weights and pixels into a kernel.
   *
   * @param steps number of steps whose samples must fit into the memory at a time
   * @param build as in `TrainingKernel.acquire`
   */
  static async create(
    problem: TrainingProblem,
    plan: TrainingPlan,
    steps: number,
    build?: KernelBuild,
  ): Promise<KernelRun> {
    const kernel = await TrainingKernel.acquire(build);
    const { target, network, width, weights } = problem;
    const { mean, deviation } = target.normalization;
    const start = kernel.exports.staticBytes();
    const layout = planMemory(start, {
      network,
      width,
      frames: target.frameCount,
      points: plan.points,
      steps,
      tiles: target.tiles.count,
      pixels: target.frameCount * windowPixels(target.windows),
      learnEncoder: problem.learnEncoder,
      quantization: plan.quantization,
      targetScale: 1 / (255 * deviation),
      targetShift: -mean / deviation,
      motionLearningRateScale: plan.motionLearningRate / plan.learningRate,
      muonLearningRateScale: MUON_LEARNING_RATE_SCALE,
    });
    kernel.allocate(start, layout.bytes);
    layout.initialize(kernel.dataView());
    const { tileParameters, encoderParameters, encoderState, tiles, tileBytes } = layout;
    for (let tile = 0; tile < target.tiles.count; tile++) {
      const out = kernel.float32Array(tiles + tile * tileBytes, tileParameters.size);
      writeParameters(tileParameters, weights, tile, out);
    }
    if (encoderParameters !== undefined) {
      const out = kernel.float32Array(encoderState, encoderParameters.size);
      writeParameters(encoderParameters, weights, 0, out);
    }
    writePixels(target, kernel.uint32Array(layout.pixels, layout.pixelCount));
    return new KernelRun(kernel, layout, problem);
  }

  /** Frees the kernel. Must be called exactly once, at the end. */
  release(): void {
    this.#kernel.release();
  }

  /** Samples the points of the next `steps` steps and writes them into the memory. */
  loadSamples(sampler: Sampler, steps: number): void {
    const { paddedPoints, pointCount, config } = this.#layout;
    const { frameCount } = this.#problem.target;
    const samples = sampler.sample(steps);
    const floats = this.#kernel.float32Array(config.samples, steps * SAMPLE_ROWS * paddedPoints);
    const words = this.#kernel.uint32Array(config.samples, steps * SAMPLE_ROWS * paddedPoints);
    const time = Float32Array.from({ length: frameCount }, (_, f) => (2 / frameCount) * (f + 0.5) - 1);
    const sine = time.map((t) => Math.sin((Math.PI / 2) * t));
    const cosine = time.map((t) => Math.cos((Math.PI / 2) * t));
    for (let step = 0; step < steps; step++) {
      const at = step * SAMPLE_ROWS * paddedPoints;
      for (let p = 0; p < pointCount; p++) {
        const frame = samples.frame[step * pointCount + p];
        floats[at + p] = samples.position[2 * step * pointCount + p];
        floats[at + paddedPoints + p] = samples.position[(2 * step + 1) * pointCount + p];
        floats[at + 2 * paddedPoints + p] = time[frame];
        floats[at + 3 * paddedPoints + p] = sine[frame];
        floats[at + 4 * paddedPoints + p] = cosine[frame];
        words[at + 5 * paddedPoints + p] = frame;
        words[at + 6 * paddedPoints + p] = Number(samples.rows[step * pointCount + p]);
      }
    }
  }

  /**
   * Trains all tiles for steps `from` to `to` (exclusive) of the plan, with the samples in memory. Returns the mean
   * squared error of each step.
   */
  train(plan: TrainingPlan, from: number, to: number): Float32Array {
    const kernel = this.#kernel;
    const layout = this.#layout;
    const { count } = this.#problem.target.tiles;
    const steps = to - from;
    const schedule = oneCycle(plan.learningRate, plan.steps, from, to);
    kernel.float32Array(layout.config.schedule, steps * ADAM_SCHEDULE_LENGTH).set(schedule);
    const quantized =
      plan.quantization === undefined ? new Float32Array(steps) : quantizationSchedule(plan, from, to);
    kernel.float32Array(layout.config.quantized, steps).set(quantized);
    const losses = kernel.float64Array(layout.config.losses, steps).fill(0);
    const { encoderParameters, encoderGradient } = layout;
    if (encoderParameters === undefined || !this.#problem.learnEncoder) {
      for (let tile = 0; tile < count; tile++) this.#trainTile(tile, 0, steps);
    } else {
      for (let step = 0; step < steps; step++) {
        for (let tile = 0; tile < count; tile++) this.#trainTile(tile, step, step + 1);
        kernel.exports.stepEncoder(layout.configAddress, encoderParameters.size, encoderGradient, step);
      }
    }
    return Float32Array.from(losses, (squares) => squares / (count * CHANNELS * layout.pointCount));
  }

  #trainTile(tile: number, from: number, to: number): void {
    const { address, pixels, x, y } = this.#locateTile(tile);
    this.#kernel.exports.trainTile(this.#layout.configAddress, address, pixels, from, to, x, y);
  }

  /**
   * Computes the normal equations of a tile's head over the points of `steps` steps in memory: gram = sum of h h^T
   * [n, n] and cross = sum of h y^T [n, 3], where n = width + 1, h is the last hidden layer followed by a one, and y is
   * the normalized color.
   *
   * @throws RangeError if the points per step are not a multiple of 32
   */
  normalEquations(tile: number, steps: number): { gram: Float32Array; cross: Float32Array } {
    const { configAddress, sums, gram, cross, paddedPoints, pointCount, paddedWidth } = this.#layout;
    if (paddedPoints !== pointCount)
      throw new RangeError(`points must be a multiple of ${this.#layout.stripLength}, got ${pointCount}`);
    const { address, pixels, x, y } = this.#locateTile(tile);
    this.#kernel.exports.sumNormalEquations(configAddress, address, pixels, steps, x, y, sums, gram, cross);
    const { width } = this.#problem;
    const n = width + 1;
    const paddedGram = this.#kernel.float32Array(gram, (paddedWidth + 1) * paddedWidth);
    const paddedCross = this.#kernel.float32Array(cross, (paddedWidth + 1) * 4);
    // The row of ones comes after the padding.
    const row = (i: number): number => (i === width ? paddedWidth : i);
    return {
      gram: Float32Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        if (j < width) return paddedGram[row(i) * paddedWidth + j];
        return i < width ? paddedGram[paddedWidth * paddedWidth + i] : steps * pointCount;
      }),
      cross: Float32Array.from(
        { length: n * CHANNELS },
        (_, at) => paddedCross[row(Math.floor(at / CHANNELS)) * 4 + (at % CHANNELS)],
      ),
    };
  }

  /** Returns the addresses of a tile's state and pixels, and the offset that makes its positions tile-local. */
  #locateTile(tile: number): { address: number; pixels: number; x: number; y: number } {
    const { target } = this.#problem;
    const { tiles, tileBytes, pixels, pixelCount } = this.#layout;
    const [x, y] = target.windows.offsets.subarray(2 * (target.tiles.first + tile));
    const bytes = (4 * pixelCount) / target.tiles.count;
    return { address: tiles + tile * tileBytes, pixels: pixels + tile * bytes, x, y };
  }

  /** Returns a copy of the current weights. */
  weights(): TrainingWeights {
    const { tileParameters, encoderParameters, encoderState } = this.#layout;
    const { target, weights } = this.#problem;
    const trained: TrainingWeights = new Map(
      [...weights].map(([name, values]) => [name, new Float32Array(values.length)]),
    );
    for (let tile = 0; tile < target.tiles.count; tile++) {
      const from = this.#kernel.float32Array(this.#locateTile(tile).address, tileParameters.size);
      readParameters(tileParameters, from, trained, tile);
    }
    if (encoderParameters !== undefined) {
      const from = this.#kernel.float32Array(encoderState, encoderParameters.size);
      readParameters(encoderParameters, from, trained, 0);
    }
    return trained;
  }
}

/** Writes the pixels tile by tile, four bytes each, so that the pixels of one tile stay in a core's cache. */
function writePixels(target: GroupTarget, out: Uint32Array): void {
  const { frames, windows, tiles } = target;
  for (let tile = 0, at = 0; tile < tiles.count; tile++) {
    for (const line of windowLines(target, tile)) {
      for (let from = line; from < line + windows.width * CHANNELS; from += CHANNELS) {
        out[at++] = frames[from] | (frames[from + 1] << 8) | (frames[from + 2] << 16);
      }
    }
  }
}
