/** How one segment of the picture came: what was asked for, and what each half of the way took. */
export interface LoadTimeSample {
  /** Output pixels of a frame. */
  readonly pixels: number;
  /** Seconds of video. */
  readonly duration: number;
  readonly bytes: number;
  /** Seconds from the request to the first byte: the way there, the server's queue and its computing. */
  readonly waiting: number;
  /** Seconds from the first byte to the last. */
  readonly transfer: number;
}

/** What the next segment may be expected to take. */
export interface LoadTimeEstimate {
  /** Seconds that any request takes, however few its pixels. */
  readonly latency: number;
  /** Seconds of computing for each output pixel of a frame and second of video. */
  readonly computing: number;
  readonly bytesPerSecond: number;
  /** Bytes of a second of video are this times `pixels ** SIZE_EXPONENT`. */
  readonly density: number;
}

/**
 * At a constant quality x264's bytes grow more slowly than the pixels: between 96 x 54 and 640 x 360 of a synthetic video
 * the exponent was 0.64 (large sizes) to 0.97 (small ones).
 */
export const SIZE_EXPONENT = 0.75;
/** Shorter transfers came out of a buffer or a cache; the network was no limit to them. */
const MIN_TRANSFER = 0.005;

/** Seconds until the last byte of a segment of this size. */
export function estimateLoadSeconds(pixels: number, duration: number, link: LoadTimeEstimate): number {
  const bytes = link.density * pixels ** SIZE_EXPONENT * duration;
  return link.latency + link.computing * pixels * duration + bytes / link.bytesPerSecond;
}

/** Watches segments arrive. It forgets quickly: a link is what it was for the last few of them. */
export class LoadTimeEstimator {
  readonly #samples: LoadTimeSample[] = [];

  add(sample: LoadTimeSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > 6) this.#samples.shift();
  }

  /**
   * null before the first segment has come.
   *
   * @param exact pixels of the exact size: what a segment of far fewer waits for has other reasons than its pixels
   */
  estimate(exact: number): LoadTimeEstimate | null {
    const samples = this.#samples;
    if (samples.length === 0) return null;
    const latency = Math.min(...samples.map(({ waiting }) => waiting));
    // A segment from a cache says nothing of computing, and a single slow one may have warmed the server up.
    const slowest = samples
      .map(({ waiting, pixels, duration }) => (waiting - latency) / (Math.max(pixels, exact / 4) * duration))
      .sort((a, b) => b - a);
    const recent = samples.slice(-3);
    const rate = (of: readonly LoadTimeSample[]) =>
      of.reduce((sum, { bytes }) => sum + bytes, 0) /
      of.reduce((sum, { transfer }) => sum + Math.max(transfer, MIN_TRANSFER), 0);
    return {
      latency,
      computing: slowest[1] ?? 0,
      // A link that breaks down is believed at once, one that recovers when it has lasted.
      bytesPerSecond: Math.min(rate(recent), rate(samples.slice(-1))),
      density: Math.max(
        ...recent.map(({ bytes, pixels, duration }) => bytes / (pixels ** SIZE_EXPONENT * duration)),
      ),
    };
  }
}
