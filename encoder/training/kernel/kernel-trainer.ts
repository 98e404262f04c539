import { Sampler } from "../sampling/sampler.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import type { TrainingWeights } from "../weights.js";
import type { KernelBuild } from "./kernel.js";
import { KernelRun } from "./kernel-run.js";

/** Successive steps per tile: few enough for smooth progress and a prompt abort. */
const STEPS_PER_RUN = 25;

/**
 * Trains with the project's own WebAssembly kernel in the calling thread. The forward and backward pass process a few
 * points at a time in the L1 cache. The steps of a tile run in sequence in the L2 cache (docs/how-it-works.md,
 * "Trainers").
 */
export class KernelTrainer implements Trainer {
  readonly name = "kernel";
  readonly #build: KernelBuild | undefined;

  /** @param build as in `TrainingKernel.acquire` */
  constructor(build?: KernelBuild) {
    this.#build = build;
  }

  async train(
    problem: TrainingProblem,
    plan: TrainingPlan,
    options: TrainingOptions = {},
  ): Promise<TrainingWeights> {
    const run = await KernelRun.create(problem, plan, STEPS_PER_RUN, this.#build);
    try {
      const sampler = new Sampler(problem.target, plan);
      for (let done = 0; done < plan.steps; ) {
        options.signal?.throwIfAborted();
        const end = Math.min(done + STEPS_PER_RUN, plan.steps);
        run.loadSamples(sampler, end - done);
        const losses = run.train(plan, done, end);
        done = end;
        options.onProgress?.(done, losses);
        // Yields to the event loop, for example so that a message can abort the signal.
        await new Promise(setImmediate);
      }
      return run.weights();
    } finally {
      run.release();
    }
  }
}
