import { CHANNELS } from "../../codec/internal.js";
import { type KernelBuild, type KernelVariant, kernelBuild } from "../training/kernel/kernel.js";
import { KernelRun } from "../training/kernel/kernel-run.js";
import { canRevectorize, setRevectorization } from "../training/kernel/revectorization.js";
import { fakeQuantization, quantizationSteps } from "../training/quantization/quantization-steps.js";
import type { GroupTarget } from "../training/sampling/group-target.js";
import { Random } from "../training/sampling/random.js";
import { Sampler } from "../training/sampling/sampler.js";
import { tileWindows } from "../training/sampling/tile-windows.js";
import type { TrainingPlan, TrainingProblem } from "../training/trainer.js";
import { initialWeights } from "./weights.js";

/** Result of a comparison of the kernel's variants on this machine. */
export interface KernelComparison {
  /** Whether both variants gave the same bits. */
  readonly same: boolean;
  /** Time of the plain variant divided by that of the wide one. 0 if V8 cannot merge vectors. */
  readonly speedup: number;
}

/** Minimum speedup of the wide variant. A smaller one may be noise. */
const MIN_SPEEDUP = 1.05;

/** Returns the faster variant, if both give the same bits. */
export const fasterVariant = ({ same, speedup }: KernelComparison): KernelVariant =>
  same && speedup >= MIN_SPEEDUP ? "wide" : "plain";

/** Steps per measurement: about 2 ms. */
const STEPS = 25;
/** Measurements that are not timed: V8 compiles its optimized code meanwhile. */
const WARM_UP = 24;
/** Maximum number of timed measurements. They end as soon as the wide variant is clearly faster. */
const MAX_MEASUREMENTS = 72;
const CLEAR_SPEEDUP = 1.2;

/**
 * Trains one tile in both variants, alternating, and compares the fastest measurements and the resulting bits. The plain
 * variant runs first without the flag of V8. The flag stays set only if the wide variant is chosen, because it applies to the
 * entire process. Takes about 0.1 s.
 */
export async function compareKernels(): Promise<KernelComparison> {
  if (!canRevectorize()) return { same: true, speedup: 0 };
  await using plain = await Trial.start(kernelBuild("plain"));
  await using wide = await Trial.start(kernelBuild("wide"));
  let speedup = 0;
  for (let i = 0; i < MAX_MEASUREMENTS && speedup < CLEAR_SPEEDUP; i++) {
    plain.measure();
    wide.measure();
    speedup = plain.fastest / wide.fastest;
  }
  const comparison = { same: plain.bits().equals(wide.bits()), speedup };
  if (fasterVariant(comparison) === "plain") setRevectorization(false);
  return comparison;
}

/** Trains one tile in one build. */
class Trial implements AsyncDisposable {
  readonly #run: KernelRun;
  readonly #plan: TrainingPlan;
  #losses: Float32Array = new Float32Array(0);
  /** Shortest time of a measurement in milliseconds. */
  fastest = Number.POSITIVE_INFINITY;

  private constructor(run: KernelRun, plan: TrainingPlan) {
    this.#run = run;
    this.#plan = plan;
  }

  static async start(build: KernelBuild): Promise<Trial> {
    const { problem, plan } = createTraining();
    const run = await KernelRun.create(problem, plan, STEPS, build);
    run.loadSamples(new Sampler(problem.target, plan), STEPS);
    const trial = new Trial(run, plan);
    for (let i = 0; i < WARM_UP; i++) trial.measure();
    trial.fastest = Number.POSITIVE_INFINITY;
    return trial;
  }

  measure(): void {
    const start = performance.now();
    this.#losses = this.#run.train(this.#plan, 0, STEPS);
    this.fastest = Math.min(this.fastest, performance.now() - start);
  }

  /** Returns the bits of the last losses, of the weights and of the normal equations. */
  bits(): Buffer {
    const { gram, cross } = this.#run.normalEquations(0, STEPS);
    const arrays = [this.#losses, ...this.#run.weights().values(), gram, cross];
    return Buffer.concat(
      arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#run.release();
  }
}

/** A tile of the preset "quality". Its width is no multiple of 16, so that the wide loops have remainders. */
const WIDTH = 24;
const FRAMES = 8;
const SIDE = 40;
const NETWORK = {
  profile: "tile",
  rows: 1,
  columns: 1,
  overlap: 0,
  frequencies: 4,
  omega: 20,
  encoderWidth: 0,
  hiddenLayers: 3,
} as const;

function createTraining(): { problem: TrainingProblem; plan: TrainingPlan } {
  const random = new Random(1);
  const target: GroupTarget = {
    windows: tileWindows(NETWORK, SIDE, SIDE),
    tiles: { first: 0, count: 1 },
    frameCount: FRAMES,
    normalization: { mean: 0.5, deviation: 0.25 },
    frames: Uint8Array.from({ length: FRAMES * SIDE * SIDE * CHANNELS }, () => random.intBelow(256)),
    frameWidth: SIDE,
  };
  const weights = initialWeights({ network: NETWORK, tiles: 1, width: WIDTH, frames: FRAMES }, random);
  return {
    problem: { network: NETWORK, target, width: WIDTH, learnEncoder: false, weights },
    plan: {
      steps: STEPS,
      points: 256,
      learningRate: 4e-3,
      motionLearningRate: 1e-2,
      quantization: fakeQuantization(quantizationSteps(NETWORK, 2e-3), 8000, target),
      seed: 1,
      keys: [1],
    },
  };
}
