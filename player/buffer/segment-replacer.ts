import Hls, { type Fragment, type LoaderContextType } from "hls.js";
import type { Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import { bufferedRangeAt } from "../playback/buffered.js";
import type { PausedFrame } from "../playback/paused-frame.js";
import type { LoadedSegment, SegmentLoaderContext, SegmentRequest } from "../playback/segment.js";
import { OverlapAppender } from "./overlap-append.js";
import {
  type BufferedSegment,
  isOutdated,
  nextReplacement,
  type Playhead,
  type ReplacementContext,
  type ReplacementPlan,
  secondsUntilPlayed,
  shouldYield,
} from "./replacement-plan.js";

export interface SegmentReplacerOptions {
  readonly hls: Hls;
  readonly video: HTMLVideoElement;
  readonly pausedFrame: PausedFrame;
  /** Frames per second. */
  readonly frameRate: number;
  /** Returns the size that fills the display now. */
  exactSize(): Size;
  /** Returns the region to request now, in source pixels; null is the full frame. */
  region(): Region | null;
  /** Returns the size to request now for a segment of this duration in seconds. */
  sizeFor(duration: number): Size;
  /** Returns the expected load time of a segment, in seconds. */
  expectedLoadSeconds(size: Size, duration: number): number;
  /** Returns the request for this size of the current region. */
  createRequest(size: Size): SegmentRequest;
  /** A segment has loaded, even if it came too late to be used. */
  onLoaded(segment: LoadedSegment): void;
  /** A segment has replaced the one in the buffer. */
  onReplaced(segment: LoadedSegment): void;
  /** A segment is that of a newer version of the video than its URL names. */
  onSuperseded(): void;
}

/** Seconds and frames ahead of the playhead that the decoder may already have taken from the buffer. */
const DECODED_SECONDS = 0.5;
const DECODED_FRAMES = 12;
/** Milliseconds to wait after a failed replacement. */
const RETRY_COOLDOWN_MS = 5000;
/** Segments to keep track of; more than are ever buffered. */
const MAX_BUFFERED = 64;

/**
 * Replaces buffered segments after a change of size or region: requests them again and appends them over the old ones.
 * Nothing is flushed first, so playback does not depend on how long the server takes.
 */
export class SegmentReplacer {
  readonly #options: SegmentReplacerOptions;
  /** Buffered segments by index, in the order of loading. */
  readonly #buffered = new Map<number, BufferedSegment>();
  #stopLoading: (() => void) | null = null;
  /** The replacement that is being loaded or appended. */
  #plan: ReplacementPlan | null = null;
  /** When its download started (`performance.now()`). */
  #startedAt = 0;
  /** Seconds that the last replacement took, or had taken when canceled; halved for each segment that hls.js loads. */
  #elapsed = 0;
  /** The earliest time of the next attempt (`performance.now()`). */
  #retryAt = 0;
  readonly #appender: OverlapAppender;
  readonly #listeners = new AbortController();

  constructor(options: SegmentReplacerOptions) {
    this.#options = options;
    const { hls, video, pausedFrame } = options;
    this.#appender = new OverlapAppender(hls, video);
    const { FRAG_BUFFERED, DESTROYING, MEDIA_DETACHING } = Hls.Events;
    hls.on(FRAG_BUFFERED, () => this.tick());
    hls.on(MEDIA_DETACHING, () => this.#reset());
    const { signal } = this.#listeners;
    for (const type of ["timeupdate", "pause", "seeked"])
      video.addEventListener(type, () => this.tick(), { signal });
    const onSeeking = () => {
      if (!pausedFrame.suppresses("seeking")) this.#cancel();
    };
    video.addEventListener("seeking", onSeeking, { signal });
    hls.on(DESTROYING, () => {
      this.#listeners.abort();
      this.#reset();
    });
  }

  /** Records a segment that hls.js has loaded. */
  add(segment: LoadedSegment, exactSize: Size): void {
    this.#elapsed /= 2;
    this.#record(segment, exactSize);
  }

  /** Called when the requested size or region has changed. */
  onSizeChange(): void {
    this.#cancel();
    this.#retryAt = 0;
    this.tick();
  }

  /** Marks all buffered segments as those of an older version of the video. */
  supersede(): void {
    for (const [index, segment] of this.#buffered)
      this.#buffered.set(index, { ...segment, superseded: true });
  }

  /** Cancels a replacement that is late, and starts the next one. */
  tick(): void {
    const playhead = this.#playhead();
    if (playhead === null) return;
    this.#evictOutdated();
    if (this.#stopLoading !== null && this.#plan !== null) {
      const isLate = secondsUntilPlayed(this.#plan.segment, playhead) < this.#decodeMargin;
      if (isLate || shouldYield(playhead)) this.#cancel();
    }
    if (this.#plan !== null || performance.now() < this.#retryAt) return;
    this.#plan = nextReplacement(this.#segmentsInRange(), playhead, this.#context());
    if (this.#plan !== null) this.#load(this.#plan);
  }

  #record({ index, start, duration, size, region }: LoadedSegment, exactSize: Size): void {
    this.#buffered.delete(index);
    this.#buffered.set(index, { index, start, end: start + duration, size, region, exactSize });
    for (const [oldest] of this.#buffered)
      if (this.#buffered.size > MAX_BUFFERED) this.#buffered.delete(oldest);
  }

  get #decodeMargin(): number {
    return Math.max(DECODED_SECONDS, DECODED_FRAMES / this.#options.frameRate);
  }

  get #fragments(): readonly Fragment[] {
    return this.#options.hls.levels[this.#options.hls.loadLevel]?.details?.fragments ?? [];
  }

  /** Returns null if the position is unknown: nothing is buffered there, or a seek is in progress. */
  #playhead(): Playhead | null {
    const { video, pausedFrame } = this.#options;
    const last = this.#fragments.at(-1);
    const range = bufferedRangeAt(video, last?.end);
    const isSeeking = video.seeking && pausedFrame.position === null;
    if (range === null || last === undefined || isSeeking || this.#listeners.signal.aborted) return null;
    const { paused, playbackRate, loop } = video;
    return {
      currentTime: pausedFrame.position ?? video.currentTime,
      paused,
      playbackRate: playbackRate > 0 ? playbackRate : 1,
      bufferedEnd: range.end,
      videoEnd: last.end,
      loop,
    };
  }

  #context(): ReplacementContext {
    const { exactSize, region, sizeFor, expectedLoadSeconds } = this.#options;
    return {
      exactSize: exactSize(),
      region: region(),
      decodeMargin: this.#decodeMargin,
      sizeFor,
      expectedLoadSeconds: (size, duration) => Math.max(this.#elapsed, expectedLoadSeconds(size, duration)),
    };
  }

  /** Segments in the buffered range around the playhead. */
  #segmentsInRange(): BufferedSegment[] {
    const range = bufferedRangeAt(this.#options.video, this.#fragments.at(-1)?.end);
    if (range === null) return [];
    return [...this.#buffered.values()].filter(({ start, end }) => {
      const middle = (start + end) / 2;
      return range.start < middle && middle < range.end;
    });
  }

  #load({ segment, size }: ReplacementPlan): void {
    const { hls } = this.#options;
    const frag = this.#fragments.find(({ sn }) => sn === segment.index);
    const FragmentLoader = hls.config.fLoader;
    if (frag === undefined || FragmentLoader === undefined) {
      this.#reset();
      return;
    }
    const loader = new FragmentLoader(hls.config);
    this.#stopLoading = () => loader.destroy();
    this.#startedAt = performance.now();
    const request = this.#options.createRequest(size);
    let loaded: LoadedSegment | null = null;
    const context = this.#loaderContext(frag, request, (arrived) => {
      loaded = arrived;
    });
    const loadPolicy = { ...hls.config.fragLoadPolicy.default, errorRetry: null, timeoutRetry: null };
    const timeout = loadPolicy.maxLoadTimeMs;
    loader.load(
      context,
      { loadPolicy, timeout, maxRetry: 0, retryDelay: 0, maxRetryDelay: 0 },
      {
        onSuccess: ({ data }) => {
          this.#elapsed = (performance.now() - this.#startedAt) / 1000;
          this.#stopLoading = null;
          if (this.#isInTime(segment) && loaded !== null && data instanceof ArrayBuffer)
            this.#append(frag, data, loaded, request.exactSize);
          else this.#reset();
          // Deferred: hls.js's CMCD controller sees this response only after the callback.
          queueMicrotask(() => this.tick());
        },
        onError: () => this.#fail(),
        onTimeout: () => this.#fail(),
      },
    );
  }

  #loaderContext(
    frag: Fragment,
    request: SegmentRequest,
    onLoaded: (segment: LoadedSegment) => void,
  ): SegmentLoaderContext {
    return {
      type: "media-fragment" as LoaderContextType.MEDIA_FRAGMENT,
      frag,
      part: null,
      url: frag.url,
      responseType: "arraybuffer",
      headers: {},
      rangeStart: 0,
      rangeEnd: 0,
      source: {
        createRequest: () => request,
        shouldAbandon: () => false,
        onLoaded: (segment) => {
          onLoaded(segment);
          this.#options.onLoaded(segment);
        },
        onSuperseded: () => this.#options.onSuperseded(),
      },
    };
  }

  /** Returns whether a segment is still buffered and not yet decoded. */
  #isInTime(segment: BufferedSegment): boolean {
    const playhead = this.#playhead();
    return (
      playhead !== null &&
      secondsUntilPlayed(segment, playhead) >= this.#decodeMargin &&
      this.#segmentsInRange().some(({ index }) => index === segment.index)
    );
  }

  #append(frag: Fragment, data: ArrayBuffer, segment: LoadedSegment, exactSize: Size): void {
    this.#appender.append(frag, data, (appended) => {
      if (!appended) {
        this.#fail();
        return;
      }
      this.#reset();
      this.#record(segment, exactSize);
      this.#options.onReplaced(segment);
      this.#redrawIfVisible(segment);
      this.tick();
    });
  }

  /** Redraws a paused video, which has already decoded the visible frame and the ones right after it. */
  #redrawIfVisible({ start, duration }: LoadedSegment): void {
    const playhead = this.#playhead();
    if (playhead === null || !playhead.paused || start > playhead.currentTime + this.#decodeMargin) return;
    if (secondsUntilPlayed({ start, end: start + duration }, playhead) > 0)
      this.#options.pausedFrame.redraw();
  }

  /** Flushes the back buffer if its size or region is outdated, so that a seek back does not show it. */
  #evictOutdated(): void {
    const { hls, video, exactSize, region } = this.#options;
    const playing = this.#fragments.find(({ end }) => video.currentTime < end) ?? this.#fragments.at(-1);
    if (playing === undefined) return;
    const requested = { exactSize: exactSize(), region: region() };
    const isBehind = ({ end }: BufferedSegment) => end <= playing.start + 0.01;
    const isOutdatedBehind = (segment: BufferedSegment) =>
      isBehind(segment) && isOutdated(segment, requested);
    if (!this.#segmentsInRange().some(isOutdatedBehind)) return;
    for (const [index, segment] of this.#buffered) if (isBehind(segment)) this.#buffered.delete(index);
    // The audio stays: it does not depend on the size.
    hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset: 0, endOffset: playing.start, type: "video" });
  }

  /** Cancels the download, if one is running. */
  #cancel(): void {
    if (this.#stopLoading === null) return;
    this.#elapsed = Math.max(this.#elapsed, (performance.now() - this.#startedAt) / 1000);
    this.#reset();
  }

  #fail(): void {
    this.#retryAt = performance.now() + RETRY_COOLDOWN_MS;
    this.#reset();
  }

  #reset(): void {
    this.#stopLoading?.();
    this.#stopLoading = null;
    this.#plan = null;
  }
}
