import { Random } from "../training/random.js";
import type { PaperSampling } from "./options.js";

/** Coordinates of a run of steps. */
export interface PaperSamples {
  /** [steps, points]: pixels of the picture, row by row. */
  readonly pixels: BigInt64Array;
  /** [steps, 1, 2, points]: their centres, -1 to 1. */
  readonly position: Float32Array;
}

/** Draws the coordinates of all steps in order; the same for all frames, and for every trainer. */
export class PaperSampler {
  readonly #random: Random;
  readonly #width: number;
  readonly #height: number;
  readonly #points: number;
  /** All pixels in an order that every step shuffles on, where none may come twice. */
  readonly #order: Uint32Array | undefined;

  constructor(
    picture: { readonly width: number; readonly height: number },
    plan: {
      readonly points: number;
      readonly sampling: PaperSampling;
      readonly seed: number;
      readonly keys: readonly number[];
    },
  ) {
    this.#random = new Random(plan.seed, ...plan.keys, 1);
    this.#width = picture.width;
    this.#height = picture.height;
    this.#points = plan.points;
    const all = picture.width * picture.height;
    this.#order = plan.sampling === "without" ? Uint32Array.from({ length: all }, (_, i) => i) : undefined;
  }

  draw(steps: number): PaperSamples {
    const points = this.#points;
    const pixels = new BigInt64Array(steps * points);
    const position = new Float32Array(steps * 2 * points);
    for (let step = 0; step < steps; step++) {
      for (let b = 0; b < points; b++) {
        const pixel = this.#next(b);
        const row = Math.floor(pixel / this.#width);
        pixels[step * points + b] = BigInt(pixel);
        position[2 * step * points + b] = (2 * (pixel - row * this.#width) + 1) / this.#width - 1;
        position[(2 * step + 1) * points + b] = (2 * row + 1) / this.#height - 1;
      }
    }
    return { pixels, position };
  }

  /** The `b`-th coordinate of a step: a Fisher-Yates shuffle that stops after the step's points. */
  #next(b: number): number {
    const order = this.#order;
    if (order === undefined) return this.#random.below(this.#width * this.#height);
    const other = b + this.#random.below(order.length - b);
    const pixel = order[other];
    order[other] = order[b];
    order[b] = pixel;
    return pixel;
  }
}
