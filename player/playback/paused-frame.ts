import { type Rational, toNumber } from "../../codec/asset/rational.js";

/** Events that a seek causes. They are suppressed while the player itself seeks to redraw a frame. */
const SEEK_EVENTS: ReadonlySet<string> = new Set([
  "canplay",
  "canplaythrough",
  "playing",
  "seeked",
  "seeking",
  "timeupdate",
  "waiting",
]);

/** Where the frames of a video end. */
interface VideoEnd {
  /** End of the last frame, in seconds. */
  readonly duration: number;
  /** Frames per second. */
  readonly frameRate: Rational;
}

/** A redraw in progress; times in seconds. */
interface PendingRedraw {
  /** The position that the page sees. */
  readonly position: number;
  /** Whether the video has ended at that position. */
  readonly ended: boolean;
  /** The position that the media element seeks to. */
  readonly target: number;
  /** Whether the seek into the last frame is done and the element is seeking back. */
  readonly returning: boolean;
}

/**
 * Redraws the frame of a paused video after its buffer has changed.
 *
 * Only a seek makes a browser decode a paused frame again. In Chromium a seek to the end, or beyond the last frame if
 * the audio is longer, decodes nothing. So the element seeks into the last frame and back. The page does not notice:
 * `position` and `ended` keep their values, and the events of the seek and a second `ended` are suppressed.
 */
export class PausedFrame {
  readonly #video: HTMLVideoElement;
  readonly #videoEnd: () => VideoEnd | null;
  #pending: PendingRedraw | null = null;
  /** Whether the frame on screen is outdated: a seek went beyond the last frame, or the buffer has changed since. */
  #stale = false;
  /** Whether `ended` was dispatched at the current position. */
  #ended = false;

  /**
   * @param videoEnd returns null if the browser shows the last frame by itself, or if the visible frame is not the
   *   media element's
   */
  constructor(video: HTMLVideoElement, videoEnd: () => VideoEnd | null) {
    this.#video = video;
    this.#videoEnd = videoEnd;
  }

  /** Listens until the signal aborts. Call it after adding the listeners that use `suppresses`. */
  connect(signal: AbortSignal): void {
    const video = this.#video;
    const on = (type: string, handle: () => void) => video.addEventListener(type, handle, { signal });
    on("seeking", () => {
      if (this.suppresses("seeking")) return;
      this.#reset();
      this.#stale = video.currentTime > this.#lastFrameTime;
    });
    on("seeked", () => this.#onSeeked());
    on("pause", () => {
      if (this.#stale) this.redraw();
    });
    on("ended", () => {
      this.#ended = true;
    });
    on("play", () => this.#onPlay());
    on("emptied", () => this.#reset());
    signal.addEventListener("abort", () => this.#reset(), { once: true });
  }

  /** The position to report during a redraw, in seconds; null if the media element's own position is right. */
  get position(): number | null {
    return this.#pending?.position ?? null;
  }

  /** Whether to report the video as ended during a redraw. */
  get ended(): boolean {
    return this.#pending?.ended === true;
  }

  /** Returns whether an event of this type, dispatched now, comes from a redraw and must be hidden from the page. */
  suppresses(type: string): boolean {
    if (type === "ended") return this.#ended;
    return this.#pending !== null && SEEK_EVENTS.has(type) && this.#isAt(this.#pending.target);
  }

  /** Makes a paused video show the current content of its buffer. */
  redraw(): void {
    const video = this.#video;
    if (!video.paused) return;
    if (video.seeking && this.#pending === null) {
      this.#stale = true;
      return;
    }
    const { position, ended } = this.#pending ?? { position: video.currentTime, ended: video.ended };
    this.#seekTo({ position, ended, target: Math.min(position, this.#lastFrameTime), returning: false });
  }

  /** Cancels a redraw and returns to the reported position. Call it before changing the media element's state. */
  restorePosition(): void {
    const pending = this.#pending;
    this.#reset();
    if (pending !== null && pending.target < pending.position) this.#video.currentTime = pending.position;
  }

  /** The middle of the last frame, in seconds. */
  get #lastFrameTime(): number {
    const end = this.#videoEnd();
    return end === null ? Number.POSITIVE_INFINITY : end.duration - 0.5 / toNumber(end.frameRate);
  }

  #isAt(seconds: number): boolean {
    return Math.abs(this.#video.currentTime - seconds) < 0.001;
  }

  #seekTo(redraw: PendingRedraw): void {
    this.#stale = false;
    this.#video.currentTime = redraw.target;
    // Read back: the media element clamps the time to its duration.
    this.#pending = { ...redraw, target: this.#video.currentTime };
  }

  #onSeeked(): void {
    const pending = this.#pending;
    if (pending === null) {
      if (this.#stale) this.redraw();
    } else if (this.#isAt(pending.target)) {
      const { position, ended, target, returning } = pending;
      if (returning || target >= position) this.#pending = null;
      else
        this.#seekTo({
          ...pending,
          target: ended ? Math.max(position, this.#video.duration) : position,
          returning: true,
        });
    }
  }

  /** Handles `play()` from the browser's own controls during a redraw. An ended video restarts. */
  #onPlay(): void {
    const pending = this.#pending;
    this.#reset();
    if (pending !== null && pending.target < pending.position && this.#video.currentTime >= pending.target)
      this.#video.currentTime = pending.ended ? 0 : pending.position;
  }

  #reset(): void {
    this.#pending = null;
    this.#ended = false;
    this.#stale = false;
  }
}
