import { notPlayable } from "../errors.js";

/** Seconds of sound kept behind when the browser has no room for more. */
const KEPT_BEHIND = 5;

interface MediaSourceType {
  new (): MediaSource;
  isTypeSupported(type: string): boolean;
}

/** The media source of this browser; iPhones have a managed one only. */
const mediaSourceType = (): MediaSourceType | undefined => {
  const scope = globalThis as { MediaSource?: MediaSourceType; ManagedMediaSource?: MediaSourceType };
  return scope.MediaSource ?? scope.ManagedMediaSource;
};

export const canFeed = (type: string): boolean => mediaSourceType()?.isTypeSupported(type) === true;

export interface FeedOptions {
  readonly type: string;
  readonly init: Uint8Array<ArrayBuffer>;
  /** Seconds. */
  readonly duration: number;
  /** Seconds that the stream lies too late. */
  readonly delay: number;
  onError(error: Error): void;
}

/**
 * Feeds sound to a media element through a media source. The element then is the clock, and what it says of
 * playing, seeking, waiting, its buffer and its end is true of the video as a whole.
 */
export class MediaFeed {
  readonly #video: HTMLVideoElement;
  readonly #source: MediaSource;
  readonly #url: string;
  readonly #options: FeedOptions;
  readonly #listening = new AbortController();
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #buffer: SourceBuffer | null = null;

  constructor(video: HTMLVideoElement, options: FeedOptions) {
    this.#video = video;
    this.#options = options;
    this.#source = new (mediaSourceType()!)();
    this.#url = URL.createObjectURL(this.#source);
    const { signal } = this.#listening;
    this.#source.addEventListener("sourceopen", () => this.#open(), { signal, once: true });
    video.addEventListener("error", () => options.onError(notPlayable(video.error)), { signal });
    // A managed source opens only where the video is not sent to other screens.
    video.disableRemotePlayback = true;
    video.src = this.#url;
  }

  /** Whether all of a time span, in seconds, is in the buffer or on its way there. */
  holds(start: number, end: number): boolean {
    const ranges = this.#buffer?.buffered;
    if (ranges === undefined) return false;
    for (let range = 0; range < ranges.length; range++) {
      if (ranges.start(range) <= start + 0.05 && ranges.end(range) >= end - 0.05) return true;
    }
    return false;
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#queue.push(bytes);
    this.#next();
  }

  /** Nothing waits to be appended. */
  get settled(): boolean {
    return this.#buffer !== null && !this.#buffer.updating && this.#queue.length === 0;
  }

  destroy(): void {
    this.#listening.abort();
    this.#queue.length = 0;
    URL.revokeObjectURL(this.#url);
    this.#video.disableRemotePlayback = false;
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #open(): void {
    const { type, delay, duration, init } = this.#options;
    const { signal } = this.#listening;
    this.#source.duration = duration;
    this.#buffer = this.#source.addSourceBuffer(type);
    this.#buffer.timestampOffset = -delay;
    // Packets do not end where the video does.
    this.#buffer.appendWindowEnd = duration;
    this.#buffer.addEventListener("updateend", () => this.#next(), { signal });
    this.#queue.unshift(init);
    this.#next();
  }

  #next(): void {
    const buffer = this.#buffer;
    if (buffer === null || buffer.updating || this.#listening.signal.aborted) return;
    const bytes = this.#queue.shift();
    if (bytes === undefined) {
      this.#endIfWhole();
      return;
    }
    try {
      buffer.appendBuffer(bytes);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") {
        this.#options.onError(notPlayable(error));
        return;
      }
      this.#queue.unshift(bytes);
      const end = this.#video.currentTime - KEPT_BEHIND;
      if (end > 0 && buffer.buffered.length > 0 && buffer.buffered.start(0) < end) buffer.remove(0, end);
    }
  }

  /** A video ends, and loops, only once its source says that nothing follows. */
  #endIfWhole(): void {
    const { duration } = this.#options;
    if (this.#source.readyState !== "open" || !this.holds(duration - 0.1, duration)) return;
    this.#source.endOfStream();
  }
}
