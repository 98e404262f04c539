/** Frames after which the share of dropped frames is checked. */
const WINDOW_FRAMES = 100;
/** Share of dropped frames at which playback visibly stutters. */
const MAX_DROPPED_SHARE = 0.3;

/** Counts the frames that came due during playback and those that were shown. */
export class DroppedFrames {
  #due = 0;
  #shown = 0;
  #lastFrame: number | null = null;
  /** The counts at the start of the current window. */
  #windowDue = 0;
  #windowShown = 0;
  readonly #onTooSlow: () => void;

  /** @param onTooSlow called when too many of the last hundred frames were dropped */
  constructor(onTooSlow: () => void) {
    this.#onTooSlow = onTooSlow;
  }

  get total(): number {
    return this.#due;
  }

  get dropped(): number {
    return Math.max(0, this.#due - this.#shown);
  }

  /** Moves the clock to a frame. All frames since the previous call count as due, unless the clock was reset. */
  advanceTo(frame: number): void {
    const previous = this.#lastFrame;
    this.#lastFrame = frame;
    if (previous === null || frame <= previous) return;
    this.#due += frame - previous;
    const windowDue = this.#due - this.#windowDue;
    if (windowDue < WINDOW_FRAMES) return;
    const dropped = windowDue - (this.#shown - this.#windowShown);
    if (dropped > MAX_DROPPED_SHARE * windowDue) this.#onTooSlow();
    this.#windowDue = this.#due;
    this.#windowShown = this.#shown;
  }

  countShown(): void {
    if (this.#lastFrame !== null) this.#shown = Math.min(this.#due, this.#shown + 1);
  }

  /** Call it when playback seeks, pauses or is hidden: the frames in between do not count as dropped. */
  resetClock(): void {
    this.#lastFrame = null;
  }
}
