import { Random } from "../training/sampling/random.js";
import type { PaperSampling } from "./options.js";

/** Coordinates of a run of steps. */
export interface PaperSamples {
  /** [steps, points, patch^2]: pixels of the picture, numbered row by row; for each point those of its patch. */
  readonly pixels: BigInt64Array;
  /** [steps, 1, 2, points]: centres of the patches, -1 to 1. */
  readonly position: Float32Array;
}

/** Patches that cover a picture; those at the right and lower edge may reach past it. */
export function patchCount(
  frame: { readonly width: number; readonly height: number },
  patch: number,
): number {
  return Math.ceil(frame.width / patch) * Math.ceil(frame.height / patch);
}

/**
 * Draws the coordinates of all steps in order; the same for all frames, and for every trainer. Pixels of a patch past
 * the picture's edge are those at the edge.
 */
export class PaperSampler {
  readonly #random: Random;
  readonly #width: number;
  readonly #height: number;
  readonly #points: number;
  readonly #patch: number;
  /** All patches in an order that every step shuffles on, where none may come twice. */
  readonly #order: Uint32Array | undefined;

  constructor(
    frame: { readonly width: number; readonly height: number },
    plan: {
      readonly points: number;
      readonly patch: number;
      readonly sampling: PaperSampling;
      readonly seed: number;
      readonly keys: readonly number[];
    },
  ) {
    this.#random = new Random(plan.seed, ...plan.keys, 1);
    this.#width = frame.width;
    this.#height = frame.height;
    this.#points = plan.points;
    this.#patch = plan.patch;
    const all = patchCount(frame, plan.patch);
    this.#order = plan.sampling === "without" ? Uint32Array.from({ length: all }, (_, i) => i) : undefined;
  }

  sample(steps: number): PaperSamples {
    const points = this.#points;
    const patch = this.#patch;
    const columns = Math.ceil(this.#width / patch);
    const pixels = new BigInt64Array(steps * points * patch ** 2);
    const position = new Float32Array(steps * 2 * points);
    for (let step = 0; step < steps; step++) {
      for (let b = 0; b < points; b++) {
        const drawn = this.#next(b);
        const top = Math.floor(drawn / columns) * patch;
        const left = (drawn % columns) * patch;
        for (let i = 0; i < patch ** 2; i++) {
          const row = Math.min(this.#height - 1, top + Math.floor(i / patch));
          const column = Math.min(this.#width - 1, left + (i % patch));
          pixels[(step * points + b) * patch ** 2 + i] = BigInt(row * this.#width + column);
        }
        position[2 * step * points + b] = (2 * left + patch) / this.#width - 1;
        position[(2 * step + 1) * points + b] = (2 * top + patch) / this.#height - 1;
      }
    }
    return { pixels, position };
  }

  /** The `b`-th coordinate of a step: a Fisher-Yates shuffle that stops after the step's points. */
  #next(b: number): number {
    const order = this.#order;
    if (order === undefined) {
      return this.#random.below(patchCount({ width: this.#width, height: this.#height }, this.#patch));
    }
    const other = b + this.#random.below(order.length - b);
    const pixel = order[other];
    order[other] = order[b];
    order[b] = pixel;
    return pixel;
  }
}
