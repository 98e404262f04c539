import type Hls from "hls.js";
import { measureSize, observeSize } from "../abr/observe-size.js";
import { RequestedSize } from "../abr/requested-size.js";
import { notPlayable, notSupported, PlayerError, videoNotFound } from "../errors.js";
import { type Region, sameRegion } from "../geometry/region.js";
import { computeRequestedSize, fillsBox, type ObjectFit, type Size } from "../geometry/size.js";
import type { PausedFrame } from "../playback/paused-frame.js";
import type { LoadedSegment } from "../playback/segment.js";
import type {
  MissingRange,
  Playback,
  PlaybackOptions,
  SizeChange,
  Transport,
} from "../playback/transport.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { openVideo, type PlayerMode, type VideoSource } from "./open-video.js";
import { PolicyViolations } from "./policy-violations.js";

export interface SessionOptions {
  /** URL of the video without a trailing slash. */
  readonly src: string;
  readonly mode: PlayerMode;
  readonly video: HTMLVideoElement;
  readonly pausedFrame: PausedFrame;
  /** The element whose content box the frame is fitted into. */
  readonly container: Element;
  /** Returns how the frame is fitted into the container. */
  objectFit(): ObjectFit;
  /** Returns the size of the picture-in-picture window in device pixels, or null without one. */
  pipWindowSize(): Size | null;
  /** Returns the initial position, in seconds. */
  startAt(): number;
  /** Returns the maximum size, in output pixels. */
  maxSize(): Size;
  /** Returns the part of the frame to request, in source pixels; null is the full frame. */
  region(): Region | null;
  /** Returns the height that the viewer has chosen, in output pixels; null follows the container. */
  fixedHeight(): number | null;
  /** Returns whether the element is on the screen. */
  isVisible(): boolean;
  /** Returns whether to load frames before playback or a seek is requested. */
  preloadsFrames(): boolean;
  /** Returns whether to buffer ahead before playback, instead of loading only the visible frame. */
  buffersAhead(): boolean;
  /** Reports whether the frame has the container's aspect ratio and so should fill it, without a bar from rounding. */
  onFillsContainer(fills: boolean): void;
  onInfo(info: PlayerVideoInfo): void;
  /** The info is known, and no frames are loaded yet. */
  onMetadata(): void;
  /** An hls.js instance has started; the signal aborts when it stops. */
  onHls(hls: Hls, signal: AbortSignal): void;
  onRequestedSize(size: Size): void;
  onSegment(segment: LoadedSegment): void;
  /** A time range cannot be rendered and is skipped. */
  onMissing(range: MissingRange): void;
  /** A frame of this region, in source pixels, was painted over the media element. */
  onFramePainted(region: Region): void;
  /**
   * The video was replaced and is being reloaded. The session calls `startAt` for the new position and does not resume
   * playback by itself.
   */
  onReload(position: number, playing: boolean): void;
  onError(error: PlayerError): void;
}

/** The box of an element without layout (`display: none`), in output pixels; the same as that of a `<video>`. */
const DEFAULT_BOX: Size = { width: 300, height: 150 };

/**
 * Plays one video, from its info.json to its last segment, until the signal aborts. Frames are loaded once they are
 * needed: for playback, for a seek, or because the element is visible and preloads them.
 */
export class Session {
  #source: VideoSource | null = null;
  #started = false;
  #playback: Playback | null = null;
  /** Aborts when `#playback` stops. */
  #playbackAbort: AbortController | null = null;
  #containerSize: Size | null = null;
  #playbackRegion: Region | null = null;
  /** Whether playback or a seek has requested frames. */
  #framesRequested = false;
  /** A replaced video is reloaded once, and again only after one of its segments has loaded. */
  #mayReload = true;
  #resolveStart!: (failure: PlayerError | null) => void;
  #whenStarted = this.#createStartPromise();
  readonly #requested: RequestedSize;
  readonly #violations: PolicyViolations;
  readonly #options: SessionOptions;
  readonly #signal: AbortSignal;

  constructor(options: SessionOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
    this.#violations = new PolicyViolations(options.src, options.video.ownerDocument, signal);
    this.#requested = new RequestedSize((change) => this.#onSizeChange(change), signal);
    observeSize(
      options.container,
      (size) => {
        this.#containerSize = size;
        this.updateSize();
      },
      signal,
    );
    options.video.addEventListener("play", () => this.updateSize(), { signal });
    signal.addEventListener(
      "abort",
      () => {
        this.#stop();
        this.#resolveStart(null);
      },
      { once: true },
    );
    void this.#open();
  }

  /** The requested size, in output pixels; null before the video and the layout are known. */
  get requestedSize(): Size | null {
    return this.#requested.current;
  }

  /** null before info.json has loaded. */
  get info(): PlayerVideoInfo | null {
    return this.#source?.info ?? null;
  }

  /** In device pixels; null before the layout is known. */
  get containerSize(): Size | null {
    return this.#containerSize;
  }

  /** Resolves with null once the media element has a source or the session has ended, or with an error if it fails. */
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

  /** Loads frames even if the element is not visible. */
  requestFrames(): void {
    this.#framesRequested = true;
    this.update();
  }

  /** Starts loading frames if they are needed by now. Call it when one of the options has changed. */
  update(): void {
    this.updateSize();
    this.#start(null, false);
    this.#playback?.onPreloadChange?.();
  }

  /** Computes the requested size again. Call it when one of the options that it depends on has changed. */
  updateSize(): void {
    const { info } = this;
    const container = this.#containerSize ?? this.#fallbackSize;
    if (info === null || container === null || this.#isDormant) return;
    const region = this.#options.region();
    const height = this.#options.fixedHeight();
    const pipWindow = this.#options.pipWindowSize();
    const box = height === null ? (pipWindow ?? container) : { width: Number.POSITIVE_INFINITY, height };
    const objectFit = this.#options.objectFit();
    this.#options.onFillsContainer(objectFit === "contain" && fillsBox(container, info));
    // A region, a chosen height and a picture-in-picture window keep the aspect ratio of the frame.
    const keepsAspect = region !== null || height !== null || pipWindow !== null;
    const fit = keepsAspect ? "contain" : objectFit;
    const size = computeRequestedSize({
      box,
      source: region ?? info,
      limits: info.limits,
      cap: this.#options.maxSize(),
      fit,
    });
    this.#requested.propose(size, region);
  }

  get #needsFrames(): boolean {
    return this.#framesRequested || this.#options.preloadsFrames();
  }

  /** Whether a new size can wait, because nobody sees the frames. */
  get #isDormant(): boolean {
    const { video, isVisible, pipWindowSize } = this.#options;
    return this.#playback !== null && video.paused && !isVisible() && pipWindowSize() === null;
  }

  /** The box to assume while the element has no layout; null if its layout can be waited for. */
  get #fallbackSize(): Size | null {
    if (!this.#needsFrames) return null;
    return measureSize(this.#options.container) ?? DEFAULT_BOX;
  }

  #createStartPromise(): Promise<PlayerError | null> {
    return new Promise((resolve) => {
      this.#resolveStart = resolve;
    });
  }

  async #open(): Promise<void> {
    try {
      this.#source = await openVideo(this.#options.src, this.#options.mode, this.#signal);
      this.#options.onInfo(this.#source.info);
      // The info gives an element without a height its aspect ratio.
      this.#containerSize = measureSize(this.#options.container) ?? this.#containerSize;
      this.update();
      if (this.#playback === null) this.#options.onMetadata();
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#fail(error instanceof PlayerError ? error : notPlayable(error));
    }
  }

  #onSizeChange(change: SizeChange): void {
    this.#options.onRequestedSize(change.size);
    const regionChanged = !sameRegion(change.region, this.#playbackRegion);
    this.#playbackRegion = change.region;
    if (regionChanged && this.transport === "native") {
      // Each region has its own master playlist. The element keeps the last frame visible while this one loads.
      const { video } = this.#options;
      const [position, playing] = [video.currentTime, !video.paused];
      this.#stop();
      this.#start(position, playing);
      return;
    }
    if (this.#playback === null) this.#start(null, false);
    else this.#playback.onSizeChange(change);
  }

  /** Starts playback if both the video and the size are known and frames are needed. */
  #start(startAt: number | null, resume: boolean): void {
    if (this.#source === null || this.#requested.current === null || this.#playback !== null) return;
    if (!this.#needsFrames) return;
    let playback: Playback | null = null;
    try {
      playback = this.#source.start(
        this.#playbackOptions(this.#source.info, startAt ?? this.#options.startAt()),
      );
    } catch (error) {
      this.#fail(error instanceof PlayerError ? error : notPlayable(error));
      return;
    }
    if (playback === null) {
      this.#fail(notSupported());
      return;
    }
    this.#playback = playback;
    this.#playbackAbort = new AbortController();
    const { signal } = this.#playbackAbort;
    if (playback.ready === undefined) this.#onReady(resume, signal);
    else void playback.ready.then(() => this.#onReady(resume, signal));
  }

  #playbackOptions(info: PlayerVideoInfo, startAt: number): PlaybackOptions {
    const { video, pausedFrame, src } = this.#options;
    return {
      video,
      pausedFrame,
      src,
      info,
      startAt,
      requestedSize: () => this.#requested.current!,
      requestedRegion: () => this.#requested.region,
      // With `object-fit: none` a smaller frame would shrink on the screen.
      allowsDownscaling: () => this.#options.fixedHeight() === null && this.#options.objectFit() !== "none",
      buffersAhead: () => this.#options.buffersAhead(),
      onMissing: (range) => this.#options.onMissing(range),
      onSegment: (segment) => {
        this.#mayReload = true;
        this.#options.onSegment(segment);
      },
      onFramePainted: (region) => this.#options.onFramePainted(region),
      onVideoReplaced: () => this.#reload(),
      onError: (error) => this.#fail(error),
    };
  }

  /** Called when the media element has a source. */
  #onReady(resume: boolean, playbackSignal: AbortSignal): void {
    if (playbackSignal.aborted) return;
    this.#started = true;
    if (this.hls !== null) this.#options.onHls(this.hls, playbackSignal);
    this.#resolveStart(null);
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
    this.#whenStarted = this.#createStartPromise();
    this.#options.onReload(position, playing);
    void this.#open();
  }

  #fail(error: PlayerError): void {
    // Browsers report a violation of the page's CSP after the failure that it has caused.
    setTimeout(() => {
      if (this.#signal.aborted) return;
      const explained = this.#violations.explain(error);
      this.#resolveStart(explained);
      this.#options.onError(explained);
    });
  }

  #stop(): void {
    this.#playbackAbort?.abort();
    this.#playback?.destroy();
    this.#playback = null;
    this.#started = false;
  }
}
