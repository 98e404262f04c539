import { chooseSampling, samplesPerPixel } from "../../codec/decode/sampling.js";
import type { Region, Viewport } from "../../codec/internal.js";
import type { Size } from "../geometry/size.js";

/** Share of the time that decoding may take before less is decoded, what it then takes, and from where on all is again. */
const MAX_LOAD = 0.9;
const GOOD_LOAD = 0.7;
const EASY_LOAD = 0.6;
/** Smallest share of each side; a slower machine skips frames. */
const SMALLEST_SCALE = 0.35;
/** Weight of the newest measurement. */
const NEWEST = 0.1;
/** Pictures before the mean says something. */
const MIN_FRAMES = 6;

/** What to decode of a size that is wanted. */
export interface DecodeQuality extends Size {
  /** One sample a pixel, however many source pixels it covers. */
  readonly draft: boolean;
}

/** Samples of a picture: below the source's size, several make a pixel. */
export const samplesOf = ({ draft, ...request }: Viewport & { readonly draft: boolean }): number =>
  request.width * request.height * (draft ? 1 : samplesPerPixel(chooseSampling(request)));

/** What a machine can decode, and so how much it should: the sound never waits for the picture. */
export class DynamicResolution {
  /** Seconds a sample on one worker. */
  #cost = 0;
  #frames = 0;
  /** Share of each side that is decoded in draft; null decodes all. */
  #draft: number | null = null;

  /** Notes a picture. */
  add(samples: number, seconds: number): void {
    this.#frames++;
    this.#cost += (seconds / samples - this.#cost) * Math.max(NEWEST, 1 / this.#frames);
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
    if (this.#frames < MIN_FRAMES) return;
    const all = samplesOf({ ...size, region, draft: false });
    const load = this.load(all * framesPerSecond, workers);
    if (load <= (this.#draft === null ? MAX_LOAD : EASY_LOAD)) {
      this.#draft = null;
      return;
    }
    const once = this.load(size.width * size.height * framesPerSecond, workers);
    const here = this.#draft === null ? Number.POSITIVE_INFINITY : once * this.#draft ** 2;
    if (here <= MAX_LOAD && here > GOOD_LOAD / 2) return;
    this.#draft = Math.min(1, Math.max(SMALLEST_SCALE, Math.sqrt(GOOD_LOAD / once)));
  }

  /** How much to decode of the size wanted, in even pixels. */
  effort({ width, height }: Size): DecodeQuality {
    const scale = this.#draft;
    if (scale === null) return { width, height, draft: false };
    const even = (side: number) => Math.max(16, 2 * Math.round((side * scale) / 2));
    return { width: even(width), height: even(height), draft: true };
  }
}
