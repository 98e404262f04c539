import { chooseSampling, samplesAPixel } from "../../codec/decode/sampling.js";
import type { PictureRequest, Region } from "../../codec/index.js";
import type { Size } from "../geometry/size.js";

/** Share of the time that decoding may take before less is decoded, what it then takes, and from where on all is again. */
const MOST_LOAD = 0.9;
const GOOD_LOAD = 0.7;
const EASY_LOAD = 0.6;
/** Smallest share of each side; a slower machine skips frames. */
const SMALLEST_SCALE = 0.35;
/** Weight of the newest measurement. */
const NEWEST = 0.1;
/** Pictures before the mean says something. */
const FEWEST_PICTURES = 6;

/** What to decode of a size that is wanted. */
export interface Effort extends Size {
  /** One sample a pixel, however many source pixels it covers. */
  readonly draft: boolean;
}

/** Samples of a picture: below the source's size, several make a pixel. */
export const samplesOf = ({ draft, ...request }: PictureRequest & { readonly draft: boolean }): number =>
  request.width * request.height * (draft ? 1 : samplesAPixel(chooseSampling(request)));

/** What a machine can decode, and so how much it should: the sound never waits for the picture. */
export class Pace {
  /** Seconds a sample on one worker. */
  #cost = 0;
  #pictures = 0;
  /** Share of each side that is decoded in draft; null decodes all. */
  #draft: number | null = null;

  /** Notes a picture. */
  add(samples: number, seconds: number): void {
    this.#pictures++;
    this.#cost += (seconds / samples - this.#cost) * Math.max(NEWEST, 1 / this.#pictures);
  }

  /** Seconds for this many samples on one worker. */
  expected(samples: number): number {
    return this.#cost * samples;
  }

  /** The load of so many samples a second over this many workers: 1 is all that they can do. */
  load(samplesPerSecond: number, workers: number): number {
    return (this.#cost * samplesPerSecond) / workers;
  }

  /** Chooses anew how much to decode, while playing. */
  adapt(size: Size, region: Region, framesPerSecond: number, workers: number): void {
    if (this.#pictures < FEWEST_PICTURES) return;
    const all = samplesOf({ ...size, region, draft: false });
    const load = this.load(all * framesPerSecond, workers);
    if (load <= (this.#draft === null ? MOST_LOAD : EASY_LOAD)) {
      this.#draft = null;
      return;
    }
    const once = this.load(size.width * size.height * framesPerSecond, workers);
    const here = this.#draft === null ? Number.POSITIVE_INFINITY : once * this.#draft ** 2;
    if (here <= MOST_LOAD && here > GOOD_LOAD / 2) return;
    this.#draft = Math.min(1, Math.max(SMALLEST_SCALE, Math.sqrt(GOOD_LOAD / once)));
  }

  /** How much to decode of the size wanted, in even pixels. */
  effort({ width, height }: Size): Effort {
    const scale = this.#draft;
    if (scale === null) return { width, height, draft: false };
    const even = (side: number) => Math.max(16, 2 * Math.round((side * scale) / 2));
    return { width: even(width), height: even(height), draft: true };
  }
}
