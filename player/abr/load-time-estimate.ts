import type { LoadedSegment } from "../playback/segment.js";

/** How long one video segment took to load. */
export interface LoadTimeSample {
  /** Output pixels per frame. */
  readonly pixels: number;
  /** Seconds of video. */
  readonly duration: number;
  readonly bytes: number;
  /** Time to first byte, in seconds: network latency, the server's queue and its computation. */
  readonly ttfb: number;
  /** Seconds from the first byte to the last. */
  readonly transfer: number;
}

/** A model of the load time of a segment. */
export interface LoadTimeEstimate {
  /** Seconds that every request takes, regardless of its size. */
  readonly latency: number;
  /** Seconds of computation per output pixel of a frame and per second of video. */
  readonly computeSeconds: number;
  readonly bytesPerSecond: number;
  /** One second of video has `byteDensity * pixels ** SIZE_EXPONENT` bytes. */
  readonly byteDensity: number;
}

/**
 * At constant quality, x264's output grows more slowly than the number of pixels. Between 96 x 54 and 640 x 360 of a
 * synthetic video, the exponent was 0.64 (large sizes) to 0.97 (small ones).
 */
export const SIZE_EXPONENT = 0.75;
/** Shorter transfers, in seconds, came from a buffer or a cache, so the network did not limit them. */
const MIN_TRANSFER_SECONDS = 0.005;
/** Samples to keep. Few, so that the estimate follows the connection quickly. */
const MAX_SAMPLES = 6;

export const toLoadTimeSample = ({
  size,
  duration,
  bytes,
  seconds,
  waiting = 0,
}: LoadedSegment): LoadTimeSample => ({
  pixels: size.width * size.height,
  duration,
  bytes,
  ttfb: waiting,
  transfer: seconds - waiting,
});

/**
 * Returns the expected seconds from the request to the last byte.
 *
 * @param pixels output pixels per frame
 * @param duration seconds of video
 */
export function estimateLoadSeconds(pixels: number, duration: number, estimate: LoadTimeEstimate): number {
  const bytes = estimate.byteDensity * pixels ** SIZE_EXPONENT * duration;
  return estimate.latency + estimate.computeSeconds * pixels * duration + bytes / estimate.bytesPerSecond;
}

/** Estimates load times from the last few segments. */
export class LoadTimeEstimator {
  readonly #samples: LoadTimeSample[] = [];

  addSample(sample: LoadTimeSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
  }

  /**
   * Returns null before the first sample.
   *
   * @param exactPixels output pixels per frame at the exact size. A much smaller segment waits mostly for other reasons
   *   than its pixels, so each segment counts as having at least a quarter of these.
   */
  estimate(exactPixels: number): LoadTimeEstimate | null {
    const samples = this.#samples;
    if (samples.length === 0) return null;
    const latency = Math.min(...samples.map(({ ttfb }) => ttfb));
    // A cached segment reveals nothing about computation, and the slowest one may have been the server's cold start.
    // So the second slowest counts.
    const computeSeconds = samples
      .map(({ ttfb, pixels, duration }) => (ttfb - latency) / (Math.max(pixels, exactPixels / 4) * duration))
      .sort((a, b) => b - a);
    const recent = samples.slice(-3);
    const bandwidth = (measured: readonly LoadTimeSample[]) =>
      measured.reduce((sum, { bytes }) => sum + bytes, 0) /
      measured.reduce((sum, { transfer }) => sum + Math.max(transfer, MIN_TRANSFER_SECONDS), 0);
    return {
      latency,
      computeSeconds: computeSeconds[1] ?? 0,
      // Follow a drop immediately, but a recovery only once it lasts.
      bytesPerSecond: Math.min(bandwidth(recent), bandwidth(samples.slice(-1))),
      byteDensity: Math.max(
        ...recent.map(({ bytes, pixels, duration }) => bytes / (pixels ** SIZE_EXPONENT * duration)),
      ),
    };
  }
}
