import type { EncodeEvent, EncodePhase } from "../events.js";
import type { RunningTask } from "./worker-pool.js";

/** Shares of an encode that are spent outside of training. */
const ANALYSIS_SHARE = 0.03;
const WRITING_SHARE = 0.01;
/** Share of the training after which the remaining time is estimated. */
const MIN_MEASURED_SHARE = 0.01;
/** Milliseconds between progress events during training. */
const REPORT_INTERVAL_MS = 250;

/**
 * Emits progress events. Training progress is the number of steps times their cost. The cost of a step is proportional to
 * its time and does not depend on the content, so the remaining time follows from the speed since training began.
 */
export class ProgressMeter {
  readonly #emit: (event: EncodeEvent) => void;
  /** Cost per step of each running task, by its step counter. */
  readonly #running = new Map<Int32Array, number>();
  #phase: EncodePhase = "analyze";
  #detail = "";
  #phaseShare = 0;
  #totalCost = 0;
  #finishedCost = 0;
  /** Cost of the training that an interrupted earlier run finished. */
  #resumedCost = 0;
  #startTime = 0;
  /** Highest share reported so far. Training that is added later must not decrease it. */
  #reported = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(emit: (event: EncodeEvent) => void) {
    this.#emit = emit;
  }

  /** Enters a phase. `share` is the completed share of the phase, 0 to 1; training counts its steps instead. */
  enterPhase(phase: EncodePhase, detail = "", share = 0): void {
    this.#phase = phase;
    this.#detail = detail;
    this.#phaseShare = share;
    this.#report();
  }

  setDetail(detail: string): void {
    this.#detail = detail;
  }

  /** Adds training and starts the clock. `resumed` is the part of `cost` that an earlier run finished. */
  startTraining(cost: number, resumed: number): void {
    this.addTraining(cost, resumed);
    if (this.#timer !== undefined) return;
    this.#startTime = performance.now();
    this.#timer = setInterval(() => this.#report(), REPORT_INTERVAL_MS);
  }

  /** Adds training that was not known at the start. */
  addTraining(cost: number, resumed: number): void {
    this.#totalCost += cost;
    this.#finishedCost += resumed;
    this.#resumedCost += resumed;
  }

  /** Counts the steps of a training task until it ends, and returns its result. */
  async track<T>(
    { result, steps }: RunningTask<T>,
    plan: { readonly steps: number; readonly costPerStep: number },
  ): Promise<T> {
    this.#running.set(steps, plan.costPerStep);
    const value = await result;
    this.#running.delete(steps);
    this.#finishedCost += plan.steps * plan.costPerStep;
    return value;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #report(): void {
    let done = this.#finishedCost;
    for (const [steps, costPerStep] of this.#running) done += Atomics.load(steps, 0) * costPerStep;
    const costThisRun = done - this.#resumedCost;
    const isMeasured =
      this.#totalCost > 0 && costThisRun > MIN_MEASURED_SHARE * (this.#totalCost - this.#resumedCost);
    const seconds = (performance.now() - this.#startTime) / 1000;
    this.#reported = Math.max(this.#reported, this.#share(done));
    this.#emit({
      type: "progress",
      phase: this.#phase,
      done: this.#reported,
      remainingSeconds: isMeasured ? (seconds * (this.#totalCost - done)) / costThisRun : undefined,
      detail: this.#detail,
    });
  }

  /** Returns the completed share of the encode, 0 to 1. */
  #share(trainingDone: number): number {
    if (this.#phase === "analyze" || this.#phase === "audio") return ANALYSIS_SHARE * this.#phaseShare;
    if (this.#phase === "write") return 1 - WRITING_SHARE + WRITING_SHARE * this.#phaseShare;
    const training = this.#totalCost > 0 ? Math.min(1, trainingDone / this.#totalCost) : 0;
    return ANALYSIS_SHARE + (1 - ANALYSIS_SHARE - WRITING_SHARE) * training;
  }
}
