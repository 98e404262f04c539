import { chooseSampling, samplesPerPixel } from "../../codec/decode/sampling.js";
import type { Region, Viewport } from "../../codec/internal.js";
import type { Size } from "../geometry/size.js";

// A load is the share of all workers' time that decoding takes.

/** Above this load, fewer pixels are decoded. */
const MAX_LOAD = 0.9;
/** Target load of a reduced resolution. */
const TARGET_LOAD = 0.7;
/** Full quality is restored once its load would be at or below this. */
const RECOVERY_LOAD = 0.6;
/** Minimum scale of each side. A slower machine drops frames. */
const MIN_SCALE = 0.35;
/** Minimum weight of the newest sample in the running mean. */
const MIN_SAMPLE_WEIGHT = 0.1;
/** Frames before the mean is reliable. */
const MIN_FRAMES = 6;

/** The resolution to decode at. */
export interface DecodeQuality extends Size {
  /** Whether to take one sample per pixel, however many source pixels it covers. */
  readonly draft: boolean;
}

/** Returns the samples per frame. Below the source's size, each pixel averages several samples, except in a draft. */
export const countSamples = ({ draft, ...viewport }: Viewport & { readonly draft: boolean }): number =>
  viewport.width * viewport.height * (draft ? 1 : samplesPerPixel(chooseSampling(viewport)));

/** Measures the speed of the workers and adapts the resolution to it, so that audio and video stay in sync. */
export class DynamicResolution {
  /** Running mean of the decoding time per sample on one worker. */
  #secondsPerSample = 0;
  #frames = 0;
  /** Scale of each side in draft quality; null decodes at full quality. */
  #draftScale: number | null = null;

  /** Adds the decoding time of a frame on one worker. */
  addSample(samples: number, seconds: number): void {
    this.#frames++;
    this.#secondsPerSample +=
      (seconds / samples - this.#secondsPerSample) * Math.max(MIN_SAMPLE_WEIGHT, 1 / this.#frames);
  }

  /** Returns the expected seconds for this many samples on one worker. */
  expectedSeconds(samples: number): number {
    return this.#secondsPerSample * samples;
  }

  /** Returns the load of this many workers; 1 is their full capacity. */
  load(samplesPerSecond: number, workers: number): number {
    return (this.#secondsPerSample * samplesPerSecond) / workers;
  }

  /** Adapts the resolution during playback. */
  adapt(size: Size, region: Region, framesPerSecond: number, workers: number): void {
    if (this.#frames < MIN_FRAMES) return;
    const fullSamples = countSamples({ ...size, region, draft: false });
    const fullLoad = this.load(fullSamples * framesPerSecond, workers);
    if (fullLoad <= (this.#draftScale === null ? MAX_LOAD : RECOVERY_LOAD)) {
      this.#draftScale = null;
      return;
    }
    const draftLoad = this.load(size.width * size.height * framesPerSecond, workers);
    const currentLoad =
      this.#draftScale === null ? Number.POSITIVE_INFINITY : draftLoad * this.#draftScale ** 2;
    if (currentLoad <= MAX_LOAD && currentLoad > TARGET_LOAD / 2) return;
    this.#draftScale = Math.min(1, Math.max(MIN_SCALE, Math.sqrt(TARGET_LOAD / draftLoad)));
  }

  /** Returns the resolution to decode a frame of this size at, in even pixels. */
  quality({ width, height }: Size): DecodeQuality {
    const scale = this.#draftScale;
    if (scale === null) return { width, height, draft: false };
    const toEven = (side: number) => Math.max(16, 2 * Math.round((side * scale) / 2));
    return { width: toEven(width), height: toEven(height), draft: true };
  }
}
