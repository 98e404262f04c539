import { type Rational, toNumber } from "../../codec/asset/rational.js";

/** Events of a seek, of which nobody is told where nobody sought. */
const OF_A_SEEK: ReadonlySet<string> = new Set([
  "canplay",
  "canplaythrough",
  "playing",
  "seeked",
  "seeking",
  "timeupdate",
  "waiting",
]);

/** What a video must say of its last frame. */
interface Ending {
  /** Seconds until the last frame ends. */
  readonly duration: number;
  /** Frames a second. */
  readonly frameRate: Rational;
}

/** A video that rests, and is being made to decode anew; in seconds. */
interface Rest {
  readonly position: number;
  /** Whether its video has ended there. */
  readonly ended: boolean;
  /** Where it has been sent. */
  readonly at: number;
  /** It has been into the last frame. */
  readonly returns: boolean;
}

/**
 * The picture of a video that rests. Only a seek has it decoded anew, and a seek to the end, or behind the last frame
 * where the sound is longer, decodes nothing in Chromium: so it goes into the last frame and back. To a page the video
 * rests all the while, and is told of no seek and of no second end.
 */
export class PausedFrame {
  readonly #video: HTMLVideoElement;
  readonly #ending: () => Ending | null;
  #rest: Rest | null = null;
  /** A seek went behind the last frame, or into what has changed since: what is seen is what was there before. */
  #stale = false;
  /** The video has said that it has ended, and is still there. */
  #ended = false;

  /** @param ending null where the video shows the last frame by itself, or it is not the video's picture that is seen */
  constructor(video: HTMLVideoElement, ending: () => Ending | null) {
    this.#video = video;
    this.#ending = ending;
  }

  /** Listens until the signal; after those who ask `hides`. */
  connect(signal: AbortSignal): void {
    const video = this.#video;
    const on = (type: string, handle: () => void) => video.addEventListener(type, handle, { signal });
    on("seeking", () => {
      if (this.hides("seeking")) return;
      this.#forget();
      this.#stale = video.currentTime > this.#lastFrame;
    });
    on("seeked", () => this.#arrived());
    on("pause", () => {
      if (this.#stale) this.redraw();
    });
    on("ended", () => {
      this.#ended = true;
    });
    on("play", () => this.#played());
    on("emptied", () => this.#forget());
    signal.addEventListener("abort", () => this.#forget(), { once: true });
  }

  /** Where the video rests, in seconds, while it has been sent elsewhere; null where it is what it says. */
  get position(): number | null {
    return this.#rest?.position ?? null;
  }

  /** Whether a video has ended whose video has been sent elsewhere. */
  get ended(): boolean {
    return this.#rest?.ended === true;
  }

  /** Whether an event of this type, now, is of a seek that nobody made. */
  hides(type: string): boolean {
    if (type === "ended") return this.#ended;
    return this.#rest !== null && OF_A_SEEK.has(type) && this.#isAt(this.#rest.at);
  }

  /** Has a video that rests show what is in its buffer by now. */
  redraw(): void {
    const video = this.#video;
    if (!video.paused) return;
    if (video.seeking && this.#rest === null) {
      this.#stale = true;
      return;
    }
    const { position, ended } = this.#rest ?? { position: video.currentTime, ended: video.ended };
    this.#send({ position, ended, at: Math.min(position, this.#lastFrame), returns: false });
  }

  /** Back to where it rests, at once: somebody is about to do something with the video. */
  settle(): void {
    const rest = this.#rest;
    this.#forget();
    if (rest !== null && rest.at < rest.position) this.#video.currentTime = rest.position;
  }

  /** The middle of the last frame, in seconds. */
  get #lastFrame(): number {
    const ending = this.#ending();
    return ending === null ? Number.POSITIVE_INFINITY : ending.duration - 0.5 / toNumber(ending.frameRate);
  }

  #isAt(seconds: number): boolean {
    return Math.abs(this.#video.currentTime - seconds) < 0.001;
  }

  #send(rest: Rest): void {
    this.#stale = false;
    this.#video.currentTime = rest.at;
    // As the video holds it, at most its duration.
    this.#rest = { ...rest, at: this.#video.currentTime };
  }

  #arrived(): void {
    const rest = this.#rest;
    if (rest === null) {
      if (this.#stale) this.redraw();
    } else if (this.#isAt(rest.at)) {
      const { position, ended, at, returns } = rest;
      if (returns || at >= position) this.#rest = null;
      else
        this.#send({
          ...rest,
          at: ended ? Math.max(position, this.#video.duration) : position,
          returns: true,
        });
    }
  }

  /** By the browser's own controls. What has ended begins anew. */
  #played(): void {
    const rest = this.#rest;
    this.#forget();
    if (rest !== null && rest.at < rest.position && this.#video.currentTime >= rest.at)
      this.#video.currentTime = rest.ended ? 0 : rest.position;
  }

  #forget(): void {
    this.#rest = null;
    this.#ended = false;
    this.#stale = false;
  }
}
