import type { EncodeEvent, EncodePhase } from "../events.js";

/** Shares of the whole job that are not training. */
const ANALYSIS = 0.03;
const WRITING = 0.01;
/** Share of the training after which its speed can be told. */
const ENOUGH = 0.01;
const INTERVAL = 250;

/**
 * Turns counters into progress events. Training is counted in steps x tiles, which take equal time whatever
 * the video shows; the remaining time is what is left at the speed measured since training began.
 */
export class ProgressMeter {
  readonly #emit: (event: EncodeEvent) => void;
  readonly #counters = new Map<Int32Array, number>();
  #phase: EncodePhase = "analyze";
  #detail = "";
  #share = 0;
  #total = 0;
  #finished = 0;
  #skipped = 0;
  #began = 0;
  /** What was told last: work that is added later must not take it back. */
  #furthest = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: (event: EncodeEvent) => void) {
    this.#emit = emit;
  }

  /** `share` of the phase that is not training. */
  enter(phase: EncodePhase, detail = "", share = 0): void {
    this.#phase = phase;
    this.#detail = detail;
    this.#share = share;
    this.#report();
  }

  detail(detail: string): void {
    this.#detail = detail;
  }

  /** Training begins, or once more: `total` steps x tiles, of which `skipped` were done by an earlier run. */
  begin(total: number, skipped: number): void {
    this.extend(total, skipped);
    if (this.#timer !== undefined) return;
    this.#began = performance.now();
    this.#timer = setInterval(() => this.#report(), INTERVAL);
  }

  /** There is more to train than was thought, of which `skipped` was done by an earlier run. */
  extend(more: number, skipped: number): void {
    this.#total += more;
    this.#finished += skipped;
    this.#skipped += skipped;
  }

  /** Watches a job's step counter; `tiles` is what a step of it counts. */
  watch(steps: Int32Array, tiles: number): { finish(allSteps: number): void } {
    this.#counters.set(steps, tiles);
    return {
      finish: (allSteps) => {
        if (this.#counters.delete(steps)) this.#finished += allSteps * tiles;
      },
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    let done = this.#finished;
    for (const [steps, tiles] of this.#counters) done += Atomics.load(steps, 0) * tiles;
    const training = this.#total > 0 ? Math.min(1, done / this.#total) : 0;
    const mine = done - this.#skipped;
    const known = this.#total > 0 && mine > ENOUGH * (this.#total - this.#skipped);
    const seconds = (performance.now() - this.#began) / 1000;
    const integer =
      this.#phase === "analyze" || this.#phase === "audio"
        ? ANALYSIS * this.#share
        : this.#phase === "write"
          ? 1 - WRITING + WRITING * this.#share
          : ANALYSIS + (1 - ANALYSIS - WRITING) * training;
    this.#furthest = Math.max(this.#furthest, integer);
    this.#emit({
      type: "progress",
      phase: this.#phase,
      done: this.#furthest,
      remainingSeconds: known ? (seconds * (this.#total - done)) / mine : undefined,
      detail: this.#detail,
    });
  }
}
