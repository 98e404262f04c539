import type { PaperSampling } from "../options.js";
import { Random } from "../training/sampling/random.js";

/** Points of several steps. Each point represents a patch. */
export interface PaperSamples {
  /** [steps, points, patch^2]: the pixels of each patch, numbered row by row within the frame. */
  readonly pixels: BigInt64Array;
  /** [steps, 1, 2, points]: centers of the patches, -1 to 1. */
  readonly position: Float32Array;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Returns the number of patches that cover a frame. Patches at the right and bottom edges may extend past it. */
export function patchCount(frame: Size, patch: number): number {
  return Math.ceil(frame.width / patch) * Math.ceil(frame.height / patch);
}

/** How points are sampled. */
export interface SamplingPlan {
  /** Points per step. */
  readonly points: number;
  /** Side of a patch, source pixels. */
  readonly patch: number;
  readonly sampling: PaperSampling;
  readonly seed: number;
  /** Distinguishes the random streams of groups and phases. */
  readonly keys: readonly number[];
}

/**
 * Samples the points of all steps in order. All frames and trainers use the same points. Pixels of a patch past the edge of
 * the frame are replaced by the pixels at the edge.
 */
export class PaperSampler {
  readonly #random: Random;
  readonly #frame: Size;
  readonly #plan: SamplingPlan;
  /**
   * A permutation of all patches that every step continues to shuffle; undefined if points are sampled with replacement.
   */
  readonly #order: Uint32Array | undefined;

  constructor(frame: Size, plan: SamplingPlan) {
    this.#random = new Random(plan.seed, ...plan.keys, 1);
    this.#frame = { width: frame.width, height: frame.height };
    this.#plan = plan;
    const patches = patchCount(frame, plan.patch);
    this.#order =
      plan.sampling === "without" ? Uint32Array.from({ length: patches }, (_, i) => i) : undefined;
  }

  /** Samples the points of the next `steps` steps. */
  sample(steps: number): PaperSamples {
    const { points, patch } = this.#plan;
    const { width, height } = this.#frame;
    const columns = Math.ceil(width / patch);
    const pixels = new BigInt64Array(steps * points * patch ** 2);
    const position = new Float32Array(steps * 2 * points);
    for (let step = 0; step < steps; step++) {
      for (let point = 0; point < points; point++) {
        const index = this.#nextPatch(point);
        const top = Math.floor(index / columns) * patch;
        const left = (index % columns) * patch;
        for (let i = 0; i < patch ** 2; i++) {
          const row = Math.min(height - 1, top + Math.floor(i / patch));
          const column = Math.min(width - 1, left + (i % patch));
          pixels[(step * points + point) * patch ** 2 + i] = BigInt(row * width + column);
        }
        position[2 * step * points + point] = (2 * left + patch) / width - 1;
        position[(2 * step + 1) * points + point] = (2 * top + patch) / height - 1;
      }
    }
    return { pixels, position };
  }

  /** Returns the patch of a point of the step. Without replacement, this is one iteration of a Fisher-Yates shuffle. */
  #nextPatch(point: number): number {
    const order = this.#order;
    if (order === undefined) return this.#random.intBelow(patchCount(this.#frame, this.#plan.patch));
    const other = point + this.#random.intBelow(order.length - point);
    const patch = order[other];
    order[other] = order[point];
    order[point] = patch;
    return patch;
  }
}
