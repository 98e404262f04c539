import type { Size } from "../size.js";

/** Share of the time that decoding may take before fewer pixels are decoded, and up to which more are again. */
const MOST_LOAD = 0.9;
const GOOD_LOAD = 0.7;
/** Smallest share of each side; a slower machine skips frames. */
const SMALLEST_SCALE = 0.35;
/** Weight of the newest measurement. */
const NEWEST = 0.1;
/** Pictures before the mean says something. */
const FEWEST_SAMPLES = 6;

/** What a machine can decode, and how many pixels it should: the sound never waits for the picture. */
export class Pace {
  /** Seconds a pixel on one worker. */
  #cost = 0;
  #samples = 0;
  #scale = 1;

  /** Notes a picture. */
  add(pixels: number, seconds: number): void {
    const cost = seconds / pixels;
    this.#samples++;
    this.#cost += (cost - this.#cost) * Math.max(NEWEST, 1 / this.#samples);
  }

  /** Share of each side to decode. */
  get scale(): number {
    return this.#scale;
  }

  /** Pixels a second on one worker; null before anything is known. */
  get pixelsPerSecond(): number | null {
    return this.#samples < FEWEST_SAMPLES ? null : 1 / this.#cost;
  }

  /** Seconds for a picture on one worker. */
  expected({ width, height }: Size): number {
    return this.#cost * width * height;
  }

  /** The load of a size at a number of frames a second over this many workers: 1 is all that they can do. */
  load(size: Size, framesPerSecond: number, workers: number): number {
    return (this.expected(size) * framesPerSecond) / workers;
  }

  /** Chooses the scale anew, while playing. */
  adapt(size: Size, framesPerSecond: number, workers: number): void {
    if (this.#samples < FEWEST_SAMPLES) return;
    const whole = this.load(size, framesPerSecond, workers);
    const here = whole * this.#scale ** 2;
    if (here > MOST_LOAD || (this.#scale < 1 && here < GOOD_LOAD / 2)) {
      const fitting = Math.sqrt(GOOD_LOAD / whole);
      this.#scale = Math.min(1, Math.max(SMALLEST_SCALE, fitting));
    }
  }

  /** The size at the present scale, in even pixels. */
  sized({ width, height }: Size): Size {
    if (this.#scale === 1) return { width, height };
    const even = (side: number) => Math.max(16, 2 * Math.round((side * this.#scale) / 2));
    return { width: even(width), height: even(height) };
  }
}
