import { CHANNELS } from "../../codec/index.js";
import { TrainingKernel } from "../kernel/kernel.js";
import { type Layout, layOut, SAMPLE_ROWS } from "../kernel/layout.js";
import { readNumbers, writeNumbers } from "../kernel/tile-numbers.js";
import { SCHEDULE_LENGTH } from "./adam.js";
import { type GroupTarget, windowPixels } from "./group-target.js";
import { Sampler } from "./samples.js";
import { oneCycle } from "./schedule.js";
import { MUON_RATE } from "./tile-graph.js";
import { codedSteps } from "./tile-steps.js";
import type { TrainingWeights } from "./tile-weights.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "./trainer.js";

/** Steps that a tile does in a row: few enough for progress and a quick Ctrl-C. */
const STEPS_A_RUN = 25;

/**
 * Training by the project's own WebAssembly kernel, in the thread that calls it: forward and backward pass of a
 * few points at a time in the first-level cache, the steps of a tile one after the other in the second-level cache.
 * docs/design.md, "The kernel".
 */
export class KernelTrainer implements Trainer {
  readonly name = "kernel";
  readonly #relaxed: boolean | undefined;

  /** `relaxedSimd`: which build of the kernel; they round differently. Default: the faster one that runs. */
  constructor(options: { relaxedSimd?: boolean } = {}) {
    this.#relaxed = options.relaxedSimd;
  }

  async train(
    problem: TrainingProblem,
    plan: TrainingPlan,
    options: TrainingOptions = {},
  ): Promise<TrainingWeights> {
    const kernel = await TrainingKernel.create(this.#relaxed);
    const { target, network, width } = problem;
    const { mean, deviation } = target.normalisation;
    const layout = layOut(kernel.exports.staticBytes(), {
      network,
      width,
      frames: target.frameCount,
      points: plan.points,
      steps: STEPS_A_RUN,
      tiles: target.tiles.count,
      pixels: target.frameCount * windowPixels(target.windows),
      learnEncoder: problem.learnEncoder,
      coding: plan.coding,
      targetScale: 1 / (255 * deviation),
      targetShift: -mean / deviation,
      motionRate: plan.motionRate / plan.rate,
      muonRate: MUON_RATE,
    });
    kernel.ensure(layout.bytes);
    layout.write(kernel.records());
    const run = new KernelRun(kernel, layout, problem);
    const sampler = new Sampler(target, plan);
    for (let done = 0; done < plan.steps; ) {
      options.signal?.throwIfAborted();
      const steps = Math.min(STEPS_A_RUN, plan.steps - done);
      run.load(sampler, plan, done, steps);
      const losses = run.steps(steps);
      done += steps;
      options.onProgress?.(done, losses);
      // Others in this thread, such as who aborts, have their turn.
      await new Promise(setImmediate);
    }
    return run.weights();
  }
}

/** A job in the kernel's memory. */
class KernelRun {
  readonly #kernel: TrainingKernel;
  readonly #layout: Layout;
  readonly #problem: TrainingProblem;

  constructor(kernel: TrainingKernel, layout: Layout, problem: TrainingProblem) {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#problem = problem;
    const { numbers, encoder, encoderState } = layout;
    const { target, weights } = problem;
    for (let tile = 0; tile < target.tiles.count; tile++) {
      writeNumbers(numbers, weights, tile, kernel.floats(this.#tile(tile), numbers.size));
    }
    if (encoder !== undefined) writeNumbers(encoder, weights, 0, kernel.floats(encoderState, encoder.size));
    this.#writePixels(target);
  }

  #tile(tile: number): number {
    return this.#layout.tiles + tile * this.#layout.tileBytes;
  }

  /** Each tile's pixels apart, four bytes each: those of one tile stay in a core's cache. */
  #writePixels({ rows, tiles, frameCount, windows }: GroupTarget): void {
    const count = frameCount * windowPixels(windows);
    const out = this.#kernel.words(this.#layout.pixels, tiles.count * count);
    for (let row = 0, at = 0; row < count; row++) {
      for (let tile = 0; tile < tiles.count; tile++, at += CHANNELS) {
        out[tile * count + row] = rows[at] | (rows[at + 1] << 8) | (rows[at + 2] << 16);
      }
    }
  }

  /** The points and rates of the next steps. */
  load(sampler: Sampler, plan: TrainingPlan, done: number, steps: number): void {
    const kernel = this.#kernel;
    const { points, samples, schedule, coded, losses } = this.#layout;
    const drawn = sampler.draw(steps);
    const floats = kernel.floats(samples, steps * SAMPLE_ROWS * points);
    const words = kernel.words(samples, steps * SAMPLE_ROWS * points);
    const { frameCount } = this.#problem.target;
    const time = Float32Array.from({ length: frameCount }, (_, f) => (2 / frameCount) * (f + 0.5) - 1);
    const sine = time.map((t) => Math.sin((Math.PI / 2) * t));
    const cosine = time.map((t) => Math.cos((Math.PI / 2) * t));
    for (let step = 0; step < steps; step++) {
      const at = step * SAMPLE_ROWS * points;
      for (let p = 0; p < plan.points; p++) {
        const frame = drawn.frame[step * plan.points + p];
        floats[at + p] = drawn.position[2 * step * plan.points + p];
        floats[at + points + p] = drawn.position[(2 * step + 1) * plan.points + p];
        floats[at + 2 * points + p] = time[frame];
        floats[at + 3 * points + p] = sine[frame];
        floats[at + 4 * points + p] = cosine[frame];
        words[at + 5 * points + p] = frame;
        words[at + 6 * points + p] = Number(drawn.rows[step * plan.points + p]);
      }
    }
    kernel.floats(schedule, steps * SCHEDULE_LENGTH).set(oneCycle(plan.rate, plan.steps, done, done + steps));
    kernel
      .floats(coded, steps)
      .set(plan.coding === undefined ? new Float32Array(steps) : codedSteps(plan, done, done + steps));
    kernel.doubles(losses, steps).fill(0);
  }

  /** Trains all tiles by the steps in memory. -> mean squared errors of the steps */
  steps(steps: number): Float32Array {
    const { exports } = this.#kernel;
    const { plan, losses, encoder, encoderGradient } = this.#layout;
    const { count } = this.#problem.target.tiles;
    if (encoder === undefined || !this.#problem.learnEncoder) {
      for (let tile = 0; tile < count; tile++) this.#train(tile, 0, steps);
    } else {
      for (let step = 0; step < steps; step++) {
        for (let tile = 0; tile < count; tile++) this.#train(tile, step, step + 1);
        exports.stepEncoder(plan, encoder.size, encoderGradient, step);
      }
    }
    return Float32Array.from(
      this.#kernel.doubles(losses, steps),
      (squares) => squares / (count * CHANNELS * this.#layout.realPoints),
    );
  }

  #train(tile: number, from: number, to: number): void {
    const { target } = this.#problem;
    const count = target.frameCount * windowPixels(target.windows);
    const { plan, pixels } = this.#layout;
    const [x, y] = target.windows.offsets.subarray(2 * (target.tiles.first + tile));
    this.#kernel.exports.trainTile(plan, this.#tile(tile), pixels + 4 * tile * count, from, to, x, y);
  }

  weights(): TrainingWeights {
    const { numbers, encoder, encoderState } = this.#layout;
    const { target, weights } = this.#problem;
    const trained: TrainingWeights = new Map(
      [...weights].map(([name, values]) => [name, new Float32Array(values.length)]),
    );
    for (let tile = 0; tile < target.tiles.count; tile++) {
      readNumbers(numbers, this.#kernel.floats(this.#tile(tile), numbers.size), trained, tile);
    }
    if (encoder !== undefined)
      readNumbers(encoder, this.#kernel.floats(encoderState, encoder.size), trained, 0);
    return trained;
  }
}
