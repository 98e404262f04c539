import Hls, { type Fragment, type LoaderContextType } from "hls.js";
import type { Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { LoadedSegment, OwnContext, Wanted } from "../hls/elastic-loader.js";
import { bufferedAround } from "../playback/buffered.js";
import type { PausedFrame } from "../playback/paused-frame.js";
import { OverlapAppender } from "./overlap-append.js";
import {
  type BufferedSegment,
  givesWay,
  hasChanged,
  nextReplacement,
  type Playhead,
  type ReplacementPlan,
  type ReplacementQuestion,
  secondsUntil,
} from "./replacement-plan.js";

export interface SegmentReplacerOptions {
  readonly hls: Hls;
  readonly video: HTMLVideoElement;
  readonly still: PausedFrame;
  /** Frames a second. */
  readonly frameRate: number;
  exact(): Size;
  region(): Region | null;
  affordable(duration: number): Size;
  expected(size: Size, duration: number): number;
  /** How this size of the wanted region is asked for. */
  written(size: Size): Wanted;
  /** A segment has come, also one that comes too late to be used. */
  onArrival(arrival: LoadedSegment): void;
  /** It is in the buffer, in the place of what was there. */
  onRenewed(arrival: LoadedSegment): void;
}

/** Seconds and frames ahead of the playhead that a decoder may have taken out of the buffer already. */
const DECODED_SECONDS = 0.5;
const DECODED_FRAMES = 12;
/** Milliseconds without another attempt after one that failed. */
const REST = 5000;
/** More segments than are ever buffered. */
const MAX_BUFFERED = 64;

/**
 * Asks again for segments that are buffered at another size or region than is wanted by now, and puts them over the old
 * ones. Nothing is flushed before, so however long the server takes, there is something to play.
 */
export class SegmentReplacer {
  readonly #options: SegmentReplacerOptions;
  readonly #held = new Map<number, BufferedSegment>();
  #stopLoading: (() => void) | null = null;
  /** What is being loaded or appended. */
  #plan: ReplacementPlan | null = null;
  #began = 0;
  /** Seconds that the last one took, or had taken when it was given up; it counts less with each segment since. */
  #took = 0;
  #restUntil = 0;
  readonly #overwriter: OverlapAppender;
  readonly #listening = new AbortController();

  constructor(options: SegmentReplacerOptions) {
    this.#options = options;
    const { hls, video, still } = options;
    this.#overwriter = new OverlapAppender(hls, video);
    const { FRAG_BUFFERED, DESTROYING, MEDIA_DETACHING } = Hls.Events;
    hls.on(FRAG_BUFFERED, () => this.tick());
    hls.on(MEDIA_DETACHING, () => this.#end());
    const { signal } = this.#listening;
    for (const type of ["timeupdate", "pause", "seeked"])
      video.addEventListener(type, () => this.tick(), { signal });
    const seek = () => {
      if (!still.hides("seeking")) this.#giveUp();
    };
    video.addEventListener("seeking", seek, { signal });
    hls.on(DESTROYING, () => {
      this.#listening.abort();
      this.#end();
    });
  }

  /** hls.js has loaded this one. */
  add(arrival: LoadedSegment, exact: Size): void {
    this.#took /= 2;
    this.#hold(arrival, exact);
  }

  /** Something else is wanted than before. */
  onSizeChange(): void {
    this.#giveUp();
    this.#restUntil = 0;
    this.tick();
  }

  /** Begins what is worth beginning at this moment, and gives up what is not worth waiting for any more. */
  tick(): void {
    const playhead = this.#playhead();
    if (playhead === null) return;
    this.#forgetBehind();
    if (this.#stopLoading !== null && this.#plan !== null) {
      const tooLate = secondsUntil(this.#plan.segment, playhead) < this.#margin;
      if (tooLate || givesWay(playhead)) this.#giveUp();
    }
    if (this.#plan !== null || performance.now() < this.#restUntil) return;
    this.#plan = nextReplacement(this.#buffered(), playhead, this.#question());
    if (this.#plan !== null) this.#load(this.#plan);
  }

  #hold({ index, start, duration, size, region }: LoadedSegment, exact: Size): void {
    this.#held.delete(index);
    this.#held.set(index, { index, start, end: start + duration, size, region, exact });
    for (const [oldest] of this.#held) if (this.#held.size > MAX_BUFFERED) this.#held.delete(oldest);
  }

  get #margin(): number {
    return Math.max(DECODED_SECONDS, DECODED_FRAMES / this.#options.frameRate);
  }

  get #fragments(): readonly Fragment[] {
    return this.#options.hls.levels[this.#options.hls.loadLevel]?.details?.fragments ?? [];
  }

  /** null while nothing can be said: without a video, or within a seek. */
  #playhead(): Playhead | null {
    const { video, still } = this.#options;
    const last = this.#fragments.at(-1);
    const range = bufferedAround(video, last?.end);
    const isSought = video.seeking && still.position === null;
    if (range === null || last === undefined || isSought || this.#listening.signal.aborted) return null;
    const { paused, playbackRate, loop } = video;
    const currentTime = still.position ?? video.currentTime;
    const rate = playbackRate > 0 ? playbackRate : 1;
    return { currentTime, paused, rate, bufferedEnd: range.end, endOfVideo: last.end, loops: loop };
  }

  #question(): ReplacementQuestion {
    const { exact, region, affordable, expected } = this.#options;
    return {
      exact: exact(),
      region: region(),
      margin: this.#margin,
      affordable,
      expected: (size, duration) => Math.max(this.#took, expected(size, duration)),
    };
  }

  /** Segments in the range that plays. */
  #buffered(): BufferedSegment[] {
    const range = bufferedAround(this.#options.video, this.#fragments.at(-1)?.end);
    if (range === null) return [];
    return [...this.#held.values()].filter(({ start, end }) => {
      const middle = (start + end) / 2;
      return range.start < middle && middle < range.end;
    });
  }

  #load(plan: ReplacementPlan): void {
    const { hls, written, onArrival } = this.#options;
    const { segment, size } = plan;
    const frag = this.#fragments.find(({ sn }) => sn === segment.index);
    const FragmentLoader = hls.config.fLoader;
    if (frag === undefined || FragmentLoader === undefined) {
      this.#end();
      return;
    }
    const loader = new FragmentLoader(hls.config);
    this.#stopLoading = () => loader.destroy();
    this.#began = performance.now();
    let arrival: LoadedSegment | null = null;
    const wanted = written(size);
    const context: OwnContext = {
      type: "media-fragment" as LoaderContextType.MEDIA_FRAGMENT,
      frag,
      part: null,
      url: frag.url,
      responseType: "arraybuffer",
      headers: {},
      rangeStart: 0,
      rangeEnd: 0,
      source: {
        wantedNow: () => wanted,
        isTooLate: () => false,
        onArrival: (arrived) => {
          arrival = arrived;
          onArrival(arrived);
        },
      },
    };
    const loadPolicy = { ...hls.config.fragLoadPolicy.default, errorRetry: null, timeoutRetry: null };
    const rest = { timeout: loadPolicy.maxLoadTimeMs, maxRetry: 0, retryDelay: 0, maxRetryDelay: 0 };
    loader.load(
      context,
      { loadPolicy, ...rest },
      {
        onSuccess: ({ data }) => {
          this.#took = (performance.now() - this.#began) / 1000;
          this.#stopLoading = null;
          const playhead = this.#playhead();
          const inTime =
            playhead !== null &&
            secondsUntil(segment, playhead) >= this.#margin &&
            this.#buffered().some(({ index }) => index === segment.index);
          if (inTime && arrival !== null && data instanceof ArrayBuffer)
            this.#put(frag, data, arrival, wanted.exact);
          else this.#end();
          // What came is told of by hls.js's client data only after this.
          queueMicrotask(() => this.tick());
        },
        onError: () => this.#fail(),
        onTimeout: () => this.#fail(),
      },
    );
  }

  #put(frag: Fragment, data: ArrayBuffer, arrival: LoadedSegment, exact: Size): void {
    this.#overwriter.write(frag, data, (isIn) => {
      if (!isIn) {
        this.#fail();
        return;
      }
      this.#end();
      this.#hold(arrival, exact);
      this.#options.onRenewed(arrival);
      this.#redraw(arrival);
      this.tick();
    });
  }

  /** A video that rests has already decoded what it shows, and what comes right after it. */
  #redraw({ start, duration }: LoadedSegment): void {
    const playhead = this.#playhead();
    if (playhead === null || !playhead.paused || start > playhead.currentTime + this.#margin) return;
    if (secondsUntil({ start, end: start + duration }, playhead) > 0) this.#options.still.redraw();
  }

  /** What was played at another size is not kept for a seek back: it would be shown at that size again. */
  #forgetBehind(): void {
    const { video, exact, region } = this.#options;
    const playing = this.#fragments.find(({ end }) => video.currentTime < end) ?? this.#fragments.at(-1);
    if (playing === undefined) return;
    const wanted = { exact: exact(), region: region() };
    const isBehind = ({ end }: BufferedSegment) => end <= playing.start + 0.01;
    if (!this.#buffered().some((held) => isBehind(held) && hasChanged(held, wanted))) return;
    for (const [index, held] of this.#held) if (isBehind(held)) this.#held.delete(index);
    this.#flush(0, playing.start);
  }

  /** Empties a part of the picture's buffer, in seconds; the sound stays, since it depends on no size. */
  #flush(startOffset: number, endOffset: number): void {
    this.#options.hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset, type: "video" });
  }

  #giveUp(): void {
    if (this.#stopLoading === null) return;
    this.#took = Math.max(this.#took, (performance.now() - this.#began) / 1000);
    this.#end();
  }

  #fail(): void {
    this.#restUntil = performance.now() + REST;
    this.#end();
  }

  #end(): void {
    this.#stopLoading?.();
    this.#stopLoading = null;
    this.#plan = null;
  }
}
