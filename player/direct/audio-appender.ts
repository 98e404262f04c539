import { notPlayable } from "../errors.js";

/** Seconds of audio to keep behind the playhead when the buffer is full. */
const BACK_BUFFER_SECONDS = 5;

interface MediaSourceType {
  new (): MediaSource;
  isTypeSupported(type: string): boolean;
}

/** Returns the browser's MediaSource class, if any; iPhones have only ManagedMediaSource. */
const mediaSourceType = (): MediaSourceType | undefined => {
  const scope = globalThis as { MediaSource?: MediaSourceType; ManagedMediaSource?: MediaSourceType };
  return scope.MediaSource ?? scope.ManagedMediaSource;
};

export const canPlayAudio = (mimeType: string): boolean =>
  mediaSourceType()?.isTypeSupported(mimeType) === true;

export interface AudioAppenderOptions {
  readonly mimeType: string;
  readonly initSegment: Uint8Array<ArrayBuffer>;
  /** Duration of the video, in seconds. */
  readonly duration: number;
  /** Duration of the priming samples at the start of the stream, in seconds. */
  readonly encoderDelay: number;
  onError(error: Error): void;
}

/**
 * Appends audio to a media element through a media source. The element is then the clock, and its state (playing,
 * seeking, waiting, buffered, ended) describes the whole video.
 */
export class AudioAppender {
  readonly #video: HTMLVideoElement;
  readonly #mediaSource: MediaSource;
  readonly #url: string;
  readonly #options: AudioAppenderOptions;
  readonly #listeners = new AbortController();
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #sourceBuffer: SourceBuffer | null = null;

  constructor(video: HTMLVideoElement, options: AudioAppenderOptions) {
    this.#video = video;
    this.#options = options;
    this.#mediaSource = new (mediaSourceType()!)();
    this.#url = URL.createObjectURL(this.#mediaSource);
    const { signal } = this.#listeners;
    this.#mediaSource.addEventListener("sourceopen", () => this.#open(), { signal, once: true });
    video.addEventListener("error", () => options.onError(notPlayable(video.error)), { signal });
    // ManagedMediaSource opens only with remote playback disabled.
    video.disableRemotePlayback = true;
    video.src = this.#url;
  }

  /** Returns whether a time range, in seconds, is buffered completely. */
  isBuffered(start: number, end: number): boolean {
    // A closed source has no buffers: reading them would throw.
    const ranges = this.#isOpen ? this.#sourceBuffer?.buffered : undefined;
    if (ranges === undefined) return false;
    for (let range = 0; range < ranges.length; range++) {
      if (ranges.start(range) <= start + 0.05 && ranges.end(range) >= end - 0.05) return true;
    }
    return false;
  }

  /** Queues a fragment. */
  append(bytes: Uint8Array<ArrayBuffer>): void {
    this.#queue.push(bytes);
    this.#appendNext();
  }

  /** Whether everything has been appended. */
  get isIdle(): boolean {
    return this.#sourceBuffer !== null && !this.#sourceBuffer.updating && this.#queue.length === 0;
  }

  destroy(): void {
    this.#listeners.abort();
    this.#queue.length = 0;
    URL.revokeObjectURL(this.#url);
    this.#video.disableRemotePlayback = false;
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  get #isOpen(): boolean {
    return this.#mediaSource.readyState !== "closed";
  }

  #open(): void {
    const { mimeType, encoderDelay, duration, initSegment } = this.#options;
    const { signal } = this.#listeners;
    this.#mediaSource.duration = duration;
    this.#sourceBuffer = this.#mediaSource.addSourceBuffer(mimeType);
    this.#sourceBuffer.timestampOffset = -encoderDelay;
    // The last packet may extend beyond the end of the video.
    this.#sourceBuffer.appendWindowEnd = duration;
    this.#sourceBuffer.addEventListener("updateend", () => this.#appendNext(), { signal });
    this.#queue.unshift(initSegment);
    this.#appendNext();
  }

  #appendNext(): void {
    const buffer = this.#sourceBuffer;
    if (buffer === null || !this.#isOpen || buffer.updating || this.#listeners.signal.aborted) return;
    const bytes = this.#queue.shift();
    if (bytes === undefined) {
      this.#endIfComplete();
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
      const end = this.#video.currentTime - BACK_BUFFER_SECONDS;
      if (end > 0 && buffer.buffered.length > 0 && buffer.buffered.start(0) < end) buffer.remove(0, end);
    }
  }

  /** Ends the stream once the end of the video is buffered: only then does the element end or loop. */
  #endIfComplete(): void {
    const { duration } = this.#options;
    if (this.#mediaSource.readyState !== "open" || !this.isBuffered(Math.max(0, duration - 0.1), duration))
      return;
    this.#mediaSource.endOfStream();
  }
}
