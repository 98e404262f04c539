import type { TrainingWeights } from "../../tile/weights.js";
import { Sampler } from "../sampling/sampler.js";
import type { Trainer, TrainingOptions, TrainingPlan, TrainingProblem } from "../trainer.js";
import { KernelRun } from "./kernel-run.js";

/** Steps that a tile does in a row: few enough for progress and a quick Ctrl-C. */
const STEPS_PER_RUN = 25;

/**
 * Training by the project's own WebAssembly kernel, in the thread that calls it: forward and backward pass of a
 * few points at a time in the first-level cache, the steps of a tile one after the other in the second-level cache
 * (docs/design.md, "The kernel").
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
    const job = await KernelRun.create(problem, plan, STEPS_PER_RUN, this.#relaxed);
    try {
      const sampler = new Sampler(problem.target, plan);
      for (let done = 0; done < plan.steps; ) {
        options.signal?.throwIfAborted();
        const next = Math.min(done + STEPS_PER_RUN, plan.steps);
        job.draw(sampler, next - done);
        const losses = job.train(plan, done, next);
        done = next;
        options.onProgress?.(done, losses);
        // Others in this thread, such as who aborts, have their turn.
        await new Promise(setImmediate);
      }
      return job.weights();
    } finally {
      job.release();
    }
  }
}
