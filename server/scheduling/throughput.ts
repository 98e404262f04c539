/** Fixed cost of a job in pixels: starting ffmpeg takes about as long as decoding this many. */
const JOB_OVERHEAD_PIXELS = 2_000_000;
/** Weight of the newest job in the exponential moving average. */
const SMOOTHING = 0.2;

/** Estimates how long jobs take, from an exponential moving average over completed jobs. */
export class Throughput {
  /** Pixels per second of one job, measured while others ran in parallel. */
  #pixelsPerSecond: number | undefined;

  /**
   * Records a completed job.
   *
   * @param cost decoded samples
   */
  record(cost: number, seconds: number): void {
    const rate = (cost + JOB_OVERHEAD_PIXELS) / Math.max(seconds, 0.001);
    const mean = this.#pixelsPerSecond;
    this.#pixelsPerSecond = mean === undefined ? rate : mean + SMOOTHING * (rate - mean);
  }

  /** Seconds of a job per sample, without the fixed cost; 0 before the first job completed. */
  get secondsPerSample(): number {
    return this.#pixelsPerSecond === undefined ? 0 : 1 / this.#pixelsPerSecond;
  }

  /** Returns the seconds that jobs of these costs take one after another, or 0 before the first job completed. */
  estimateSeconds(costs: readonly number[]): number {
    if (this.#pixelsPerSecond === undefined) return 0;
    return costs.reduce((sum, cost) => sum + cost + JOB_OVERHEAD_PIXELS, 0) / this.#pixelsPerSecond;
  }
}
