import { type GroupTarget, windowPixels } from "./group-target.js";
import { Random } from "./random.js";

/** Points of several steps, sampled uniformly with replacement from the frames and window pixels of a group. */
export interface StepSamples {
  /** [steps, points]: rows of the target (`tileRows`). */
  readonly rows: BigInt64Array;
  /** [steps, 1, 2, points]: positions x, y within the window in tile-local units, without the tile's offset. */
  readonly position: Float32Array;
  /** [steps, points]: index of the frame within the group. */
  readonly frame: Float32Array;
}

/** The properties of a training plan that determine its points. */
export interface SamplerPlan {
  /** Points per tile and step. */
  readonly points: number;
  readonly seed: number;
  /** Keys of the random stream. */
  readonly keys: readonly number[];
}

/** Samples the points of consecutive steps. With the same seed and keys, every trainer gets the same points. */
export class Sampler {
  readonly #random: Random;
  readonly #target: GroupTarget;
  readonly #points: number;

  constructor(target: GroupTarget, plan: SamplerPlan) {
    this.#random = new Random(plan.seed, ...plan.keys, 1);
    this.#target = target;
    this.#points = plan.points;
  }

  /** Samples the points of the next `steps` steps. */
  sample(steps: number): StepSamples {
    const points = this.#points;
    const { windows, frameCount } = this.#target;
    const pixels = windowPixels(windows);
    const rows = new BigInt64Array(steps * points);
    const position = new Float32Array(steps * 2 * points);
    const frame = new Float32Array(steps * points);
    for (let step = 0; step < steps; step++) {
      for (let b = 0; b < points; b++) {
        const pixel = this.#random.intBelow(pixels);
        const f = this.#random.intBelow(frameCount);
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
