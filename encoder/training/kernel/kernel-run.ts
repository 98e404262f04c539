import { CHANNELS } from "../../../codec/internal.js";
import { type GroupTarget, windowLines, windowPixels } from "../../tile/group-target.js";
import { MUON_RATE } from "../../tile/training-graph.js";
import type { TrainingWeights } from "../../tile/weights.js";
import { SCHEDULE_LENGTH } from "../optimizers/adam.js";
import type { Sampler } from "../sampling/sampler.js";
import { codedSteps, oneCycle } from "../schedules/schedule.js";
import type { TrainingPlan, TrainingProblem } from "../trainer.js";
import { TrainingKernel } from "./kernel.js";
import { type Layout, planMemory, SAMPLE_ROWS } from "./memory-layout.js";
import { readParameters, writeParameters } from "./parameter-layout.js";

/** A run of tiles of one group in the memory of a kernel, which `release` gives back. */
export class KernelRun {
  readonly #kernel: TrainingKernel;
  readonly #layout: Layout;
  readonly #problem: TrainingProblem;

  private constructor(kernel: TrainingKernel, layout: Layout, problem: TrainingProblem) {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#problem = problem;
  }

  /** `steps`: how many are in memory at a time; `relaxed`: which build of the kernel, as for `TrainingKernel.take`. */
  static async create(
    problem: TrainingProblem,
    plan: TrainingPlan,
    steps: number,
    relaxed?: boolean,
  ): Promise<KernelRun> {
    const kernel = await TrainingKernel.take(relaxed);
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
      coding: plan.coding,
      targetScale: 1 / (255 * deviation),
      targetShift: -mean / deviation,
      motionRate: plan.motionRate / plan.rate,
      muonRate: MUON_RATE,
    });
    kernel.clear(start, layout.bytes);
    layout.write(kernel.records());
    const { numbers, encoder, encoderState, tiles, tileBytes } = layout;
    for (let tile = 0; tile < target.tiles.count; tile++) {
      writeParameters(numbers, weights, tile, kernel.floats(tiles + tile * tileBytes, numbers.size));
    }
    if (encoder !== undefined)
      writeParameters(encoder, weights, 0, kernel.floats(encoderState, encoder.size));
    writePixels(target, kernel.words(layout.pixels, layout.pixelCount));
    return new KernelRun(kernel, layout, problem);
  }

  /** To be called once, at the end. */
  release(): void {
    this.#kernel.giveBack();
  }

  /** Draws the points of the next steps. */
  draw(sampler: Sampler, steps: number): void {
    const { points, realPoints, samples } = this.#layout;
    const { frameCount } = this.#problem.target;
    const drawn = sampler.draw(steps);
    const floats = this.#kernel.floats(samples, steps * SAMPLE_ROWS * points);
    const words = this.#kernel.words(samples, steps * SAMPLE_ROWS * points);
    const time = Float32Array.from({ length: frameCount }, (_, f) => (2 / frameCount) * (f + 0.5) - 1);
    const sine = time.map((t) => Math.sin((Math.PI / 2) * t));
    const cosine = time.map((t) => Math.cos((Math.PI / 2) * t));
    for (let step = 0; step < steps; step++) {
      const at = step * SAMPLE_ROWS * points;
      for (let p = 0; p < realPoints; p++) {
        const frame = drawn.frame[step * realPoints + p];
        floats[at + p] = drawn.position[2 * step * realPoints + p];
        floats[at + points + p] = drawn.position[(2 * step + 1) * realPoints + p];
        floats[at + 2 * points + p] = time[frame];
        floats[at + 3 * points + p] = sine[frame];
        floats[at + 4 * points + p] = cosine[frame];
        words[at + 5 * points + p] = frame;
        words[at + 6 * points + p] = Number(drawn.rows[step * realPoints + p]);
      }
    }
  }

  /** Trains all tiles by the points in memory, steps `from` to `to` of the plan. -> mean squared errors of the steps */
  train(plan: TrainingPlan, from: number, to: number): Float32Array {
    const kernel = this.#kernel;
    const layout = this.#layout;
    const { count } = this.#problem.target.tiles;
    const steps = to - from;
    const coded = plan.coding === undefined ? new Float32Array(steps) : codedSteps(plan, from, to);
    kernel.floats(layout.schedule, steps * SCHEDULE_LENGTH).set(oneCycle(plan.rate, plan.steps, from, to));
    kernel.floats(layout.coded, steps).set(coded);
    const losses = kernel.doubles(layout.losses, steps).fill(0);
    const { encoder, encoderGradient } = layout;
    if (encoder === undefined || !this.#problem.learnEncoder) {
      for (let tile = 0; tile < count; tile++) this.#train(tile, 0, steps);
    } else {
      for (let step = 0; step < steps; step++) {
        for (let tile = 0; tile < count; tile++) this.#train(tile, step, step + 1);
        kernel.exports.stepEncoder(layout.plan, encoder.size, encoderGradient, step);
      }
    }
    return Float32Array.from(losses, (squares) => squares / (count * CHANNELS * layout.realPoints));
  }

  #train(tile: number, from: number, to: number): void {
    const { address, pixels, x, y } = this.#place(tile);
    this.#kernel.exports.trainTile(this.#layout.plan, address, pixels, from, to, x, y);
  }

  /**
   * Sums over the points of `steps` steps in memory, which must be whole strips of 32: h h^T [n, n], where h are the
   * last activations and a one, and h y^T [n, 3], y being the colors, normalized.
   */
  normalEquations(tile: number, steps: number): { gram: Float32Array; cross: Float32Array } {
    const { plan, sums, gram, cross, points, realPoints } = this.#layout;
    if (points !== realPoints) throw new RangeError(`${realPoints} points do not fill strips`);
    const { address, pixels, x, y } = this.#place(tile);
    this.#kernel.exports.sumTile(plan, address, pixels, steps, x, y, sums, gram, cross);
    const { width } = this.#problem;
    const padded = this.#layout.width;
    const n = width + 1;
    const ofHidden = this.#kernel.floats(gram, (padded + 1) * padded);
    const ofColors = this.#kernel.floats(cross, (padded + 1) * 4);
    /** The row of ones comes after the padding. */
    const row = (i: number): number => (i === width ? padded : i);
    return {
      gram: Float32Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        if (j < width) return ofHidden[row(i) * padded + j];
        return i < width ? ofHidden[padded * padded + i] : steps * points;
      }),
      cross: Float32Array.from(
        { length: n * CHANNELS },
        (_, at) => ofColors[row(Math.floor(at / CHANNELS)) * 4 + (at % CHANNELS)],
      ),
    };
  }

  /** Where a tile's numbers and pixels are, and what its positions need to become tile-local. */
  #place(tile: number): { address: number; pixels: number; x: number; y: number } {
    const { target } = this.#problem;
    const { tiles, tileBytes, pixels, pixelCount } = this.#layout;
    const [x, y] = target.windows.offsets.subarray(2 * (target.tiles.first + tile));
    const bytes = (4 * pixelCount) / target.tiles.count;
    return { address: tiles + tile * tileBytes, pixels: pixels + tile * bytes, x, y };
  }

  /** The weights as they are now. */
  weights(): TrainingWeights {
    const { numbers, encoder, encoderState } = this.#layout;
    const { target, weights } = this.#problem;
    const trained: TrainingWeights = new Map(
      [...weights].map(([name, values]) => [name, new Float32Array(values.length)]),
    );
    for (let tile = 0; tile < target.tiles.count; tile++) {
      readParameters(numbers, this.#kernel.floats(this.#place(tile).address, numbers.size), trained, tile);
    }
    if (encoder !== undefined)
      readParameters(encoder, this.#kernel.floats(encoderState, encoder.size), trained, 0);
    return trained;
  }
}

/** Each tile's pixels apart, four bytes each: those of one tile stay in a core's cache. */
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
