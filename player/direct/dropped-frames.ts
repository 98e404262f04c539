/** Frames due in a window after which it is judged. */
const WINDOW = 100;
/** Share of frames not shown at which a viewer sees that the machine is too slow. */
const TOO_MANY = 0.3;

/** Counts the frames that came due while playing, and those that were shown. */
export class DroppedFrames {
  #due = 0;
  #shown = 0;
  #last: number | null = null;
  #windowDue = 0;
  #windowShown = 0;
  readonly #onStruggle: () => void;

  /** `onStruggle`: of the last hundred frames, too many were not shown. */
  constructor(onStruggle: () => void) {
    this.#onStruggle = onStruggle;
  }

  get total(): number {
    return this.#due;
  }

  get dropped(): number {
    return Math.max(0, this.#due - this.#shown);
  }

  /** The clock stands at this frame; all between it and the last one have come due, unless it jumped. */
  pass(frame: number): void {
    const before = this.#last;
    this.#last = frame;
    if (before === null || frame <= before) return;
    this.#due += frame - before;
    if (this.#due - this.#windowDue < WINDOW) return;
    const missing = this.#due - this.#windowDue - (this.#shown - this.#windowShown);
    if (missing > TOO_MANY * (this.#due - this.#windowDue)) this.#onStruggle();
    this.#windowDue = this.#due;
    this.#windowShown = this.#shown;
  }

  show(): void {
    if (this.#last !== null) this.#shown = Math.min(this.#due, this.#shown + 1);
  }

  /** The clock jumps, rests or is not watched: what lies between is not missed. */
  rest(): void {
    this.#last = null;
  }
}
