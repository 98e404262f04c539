/** What a job costs besides its pixels, in pixels: starting ffmpeg takes as long as drawing about so many. */
const OVERHEAD = 2_000_000;
/** Share of the newest job in the mean. */
const WEIGHT = 0.2;

/** How fast jobs were done so far, while others ran beside them. */
export class Throughput {
  /** Pixels a second of one job. */
  #rate: number | undefined;

  /** @param cost output pixels times frames */
  add(cost: number, seconds: number): void {
    const rate = (cost + OVERHEAD) / Math.max(seconds, 0.001);
    this.#rate = this.#rate === undefined ? rate : this.#rate + WEIGHT * (rate - this.#rate);
  }

  /** Seconds that jobs of these costs take one after the other; 0 before the first one was done. */
  seconds(costs: readonly number[]): number {
    if (this.#rate === undefined) return 0;
    return costs.reduce((sum, cost) => sum + cost + OVERHEAD, 0) / this.#rate;
  }
}
