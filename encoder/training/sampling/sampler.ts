import { type GroupTarget, windowPixels } from "../../tile/group-target.js";
import type { TrainingPlan } from "../trainer.js";
import { Random } from "./random.js";

/** The points of several steps, drawn uniformly with replacement over the group's frames and window pixels. */
export interface StepSamples {
  /** [steps, points]: rows of the target. */
  readonly rows: BigInt64Array;
  /** [steps, 1, 2, points]: window positions in tile-local units, without the tile's offset. */
  readonly position: Float32Array;
  /** [steps, points]: frame within the group. */
  readonly frame: Float32Array;
}

/** Draws the points of all steps in order; the same for every trainer. */
export class Sampler {
  readonly #random: Random;
  readonly #target: GroupTarget;
  readonly #points: number;

  constructor(target: GroupTarget, plan: TrainingPlan) {
    this.#random = new Random(plan.seed, ...plan.keys, 1);
    this.#target = target;
    this.#points = plan.points;
  }

  draw(steps: number): StepSamples {
    const points = this.#points;
    const { windows, frameCount } = this.#target;
    const pixels = windowPixels(windows);
    const rows = new BigInt64Array(steps * points);
    const position = new Float32Array(steps * 2 * points);
    const frame = new Float32Array(steps * points);
    for (let step = 0; step < steps; step++) {
      for (let b = 0; b < points; b++) {
        const pixel = this.#random.below(pixels);
        const f = this.#random.below(frameCount);
        const at = step * points + b;
        rows[at] = BigInt(f * pixels + pixel);
        frame[at] = f;
        position[2 * step * points + b] = windows.scale[0] * ((pixel % windows.width) + 0.5);
        position[(2 * step + 1) * points + b] = windows.scale[1] * (Math.floor(pixel / windows.width) + 0.5);
      }
    }
    return { rows, position, frame };
  }
}
