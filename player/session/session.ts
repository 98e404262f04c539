import type Hls from "hls.js";
import { observeSize } from "../abr/observe-size.js";
import { RequestedSize, type SizeChange } from "../abr/requested-size.js";
import type { PlayerMode } from "../element/attributes.js";
import { videoNotFound, notPlayable, notSupported, PlayerError } from "../errors.js";
import { type Region, sameRegion } from "../geometry/region.js";
import { fillsBox, type ObjectFit, computeRequestedSize, type Size } from "../geometry/size.js";
import type { LoadedSegment } from "../hls/elastic-loader.js";
import type { PausedFrame } from "../playback/paused-frame.js";
import type { MissingPart, Playback, Transport } from "../playback/transport.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { openVideo, type VideoSource } from "./open-video.js";

export interface SessionOptions {
  readonly src: string;
  /** Who decodes. */
  readonly mode: PlayerMode;
  readonly video: HTMLVideoElement;
  readonly still: PausedFrame;
  /** Whose content box is the picture's frame. */
  readonly frame: Element;
  /** How the picture lies in it. */
  fit(): ObjectFit;
  /** A window that shows the picture in place of the frame, in device pixels; null where there is none. */
  window(): Size | null;
  /** Seconds at which to start. */
  startAt(): number;
  /** Most output pixels a side. */
  cap(): Size;
  /** The part of the picture to ask for, in source pixels; null is all of it. */
  region(): Region | null;
  /** Rows of output pixels that somebody has chosen; null follows the frame. */
  fixedHeight(): number | null;
  /** Whether the picture has its frame's shape, so that it may fill it to the last pixel. */
  onFit(fills: boolean): void;
  onInfo(info: PlayerVideoInfo): void;
  /** A player underneath has begun; the signal ends with it. */
  onHls(hls: Hls, signal: AbortSignal): void;
  onWantedSize(size: Size): void;
  onSegment(arrival: LoadedSegment): void;
  /** A part of the video cannot be had, and is left out. */
  onMissing(part: MissingPart): void;
  /** A picture of this region, in source pixels, has just been painted over the video. */
  onPainted(region: Region): void;
  /** The video has been replaced: it begins again where `startAt` says, and plays when it is told to. */
  onReload(position: number, playing: boolean): void;
  onError(error: PlayerError): void;
}

/** One video in one video, from its info.json to the last segment. Ends, and leaves nothing, with the signal. */
export class Session {
  #source: VideoSource | null = null;
  #started = false;
  #playback: Playback | null = null;
  #playing: AbortController | null = null;
  #box: Size | null = null;
  #playingRegion: Region | null = null;
  /** A replaced video is asked for anew once; the next time only after a segment of it has come. */
  #mayReload = true;
  #settleStart!: (failure: PlayerError | null) => void;
  #whenStarted = this.#awaitStart();
  readonly #wanted: RequestedSize;
  readonly #options: SessionOptions;
  readonly #signal: AbortSignal;

  constructor(options: SessionOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#wanted = new RequestedSize((change) => this.#follow(change), signal);
    observeSize(
      options.frame,
      (box) => {
        this.#box = box;
        this.measure();
      },
      signal,
    );
    signal.addEventListener(
      "abort",
      () => {
        this.#stop();
        this.#settleStart(null);
      },
      { once: true },
    );
    void this.#open();
  }

  /** The size asked for; null before the video and the layout are known. */
  get wantedSize(): Size | null {
    return this.#wanted.current;
  }

  /** What is known of the video; null before its info.json has come. */
  get info(): PlayerVideoInfo | null {
    return this.#source?.info ?? null;
  }

  /** The frame in device pixels; null before the layout is known. */
  get box(): Size | null {
    return this.#box;
  }

  /** Fulfilled once the video has a source or the session has ended, or with the reason why it never will. */
  get whenStarted(): Promise<PlayerError | null> {
    return this.#whenStarted;
  }

  get started(): boolean {
    return this.#started;
  }

  get hls(): Hls | null {
    return this.#playback?.hls ?? null;
  }

  get transport(): Transport | null {
    return this.#playback?.transport ?? null;
  }

  /** Works the size out again, as after a change of the caps. */
  measure(): void {
    const { info } = this;
    if (info === null || this.#box === null) return;
    const region = this.#options.region();
    const height = this.#options.fixedHeight();
    const window = this.#options.window();
    const box = height === null ? (window ?? this.#box) : { width: Number.POSITIVE_INFINITY, height };
    const fit = this.#options.fit();
    this.#options.onFit(fit === "contain" && fillsBox(this.#box, info));
    // A part of the picture, a number of rows that somebody has chosen, and a window's picture keep their shape.
    const shaped = region !== null || height !== null || window !== null ? "contain" : fit;
    const size = computeRequestedSize(box, region ?? info, info.limits, this.#options.cap(), shaped);
    this.#wanted.propose(size, region);
  }

  #awaitStart(): Promise<PlayerError | null> {
    return new Promise((resolve) => {
      this.#settleStart = resolve;
    });
  }

  async #open(): Promise<void> {
    try {
      this.#source = await openVideo(this.#options.src, this.#options.mode, this.#signal);
      this.#options.onInfo(this.#source.info);
      this.measure();
      this.#start(null, false);
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#fail(error instanceof PlayerError ? error : notPlayable(error));
    }
  }

  #follow(change: SizeChange): void {
    this.#options.onWantedSize(change.size);
    const moved = !sameRegion(change.region, this.#playingRegion);
    this.#playingRegion = change.region;
    if (moved && this.transport === "native") {
      // Another region is another master playlist; the element holds the last frame meanwhile.
      const { video } = this.#options;
      const [position, playing] = [video.currentTime, !video.paused];
      this.#stop();
      this.#start(position, playing);
      return;
    }
    if (this.#playback === null) this.#start(null, false);
    else this.#playback.onSizeChange(change);
  }

  /** Begins as soon as both the video and the size are known. */
  #start(startAt: number | null, resume: boolean): void {
    if (this.#source === null || this.#wanted.current === null || this.#playback !== null) return;
    const { video, still, src } = this.#options;
    let playback: Playback | null = null;
    try {
      playback = this.#source.start({
        video,
        still,
        src,
        info: this.#source.info,
        startAt: startAt ?? this.#options.startAt(),
        wantedSize: () => this.#wanted.current!,
        wantedRegion: () => this.#wanted.region,
        // Drawn at its own size, a smaller picture would shrink on the screen.
        mayShrink: () => this.#options.fixedHeight() === null && this.#options.fit() !== "none",
        onMissing: (part) => this.#options.onMissing(part),
        onSegment: (arrival) => {
          this.#mayReload = true;
          this.#options.onSegment(arrival);
        },
        onPainted: (region) => this.#options.onPainted(region),
        onStale: () => this.#reload(),
        onError: (error) => this.#fail(error),
      });
    } catch (error) {
      this.#fail(error instanceof PlayerError ? error : notPlayable(error));
      return;
    }
    if (playback === null) {
      this.#fail(notSupported());
      return;
    }
    this.#playback = playback;
    this.#playing = new AbortController();
    const { signal: playing } = this.#playing;
    if (playback.ready === undefined) this.#begin(resume, playing);
    else void playback.ready.then(() => this.#begin(resume, playing));
  }

  /** The video has a source. */
  #begin(resume: boolean, playing: AbortSignal): void {
    if (playing.aborted) return;
    this.#started = true;
    if (this.hls !== null) this.#options.onHls(this.hls, playing);
    this.#settleStart(null);
    if (resume) this.#options.video.play().catch(() => undefined);
  }

  #reload(): void {
    if (this.#signal.aborted) return;
    if (!this.#mayReload) {
      this.#fail(videoNotFound(this.#options.src));
      return;
    }
    this.#mayReload = false;
    const { video } = this.#options;
    const [position, playing] = [video.currentTime, !video.paused];
    this.#stop();
    this.#source = null;
    this.#whenStarted = this.#awaitStart();
    this.#options.onReload(position, playing);
    void this.#open();
  }

  #fail(error: PlayerError): void {
    if (this.#signal.aborted) return;
    this.#settleStart(error);
    this.#options.onError(error);
  }

  #stop(): void {
    this.#playing?.abort();
    this.#playback?.destroy();
    this.#playback = null;
    this.#started = false;
  }
}
