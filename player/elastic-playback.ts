import Hls, { type FragBufferedData, type Fragment } from "hls.js";
import { filmUrl } from "./film-url.js";
import { ComputingTime, flushPoint } from "./flush-point.js";
import { type ElasticLoading, elasticLoading, linkSample } from "./fragment-loader.js";
import { startHls } from "./hls-playback.js";
import { formatRegion } from "./region/region.js";
import { type Size, sizeParameter } from "./size.js";
import { SizeChooser } from "./size-chooser.js";
import type { Playback, PlaybackOptions } from "./transport.js";
import type { SizeChange } from "./wanted-size.js";

/** The elastic rendition: one playlist, each of whose segments comes at the size wanted when it is asked for. */
export class ElasticPlayback implements Playback {
  readonly transport = "elastic";
  readonly hls: Hls;
  readonly #video: HTMLVideoElement;
  readonly #loading: ElasticLoading;
  readonly #computing = new ComputingTime();
  readonly #listening = new AbortController();
  /** Changes of size followed so far, and how many there had been when each segment arrived. */
  #changes = 0;
  readonly #arrivals = new Map<number, number>();
  #wanted: Size | null = null;
  #playing = -1;

  constructor(options: PlaybackOptions) {
    const { video, src, info } = options;
    this.#video = video;
    const chooser = new SizeChooser(options);
    this.#loading = elasticLoading({
      wantedNow(duration) {
        const size = chooser.choose(duration);
        const region = options.wantedRegion();
        const parameter = sizeParameter(size, region ?? info);
        return { size, parameter, region, regionParameter: formatRegion(region) };
      },
      isTooLate: (underway) => chooser.isTooLate(underway),
      onArrival: (arrival) => {
        chooser.onArrival(linkSample(arrival));
        this.#computing.add(arrival.size, arrival.seconds);
        this.#arrivals.set(arrival.index, this.#changes);
        options.onSegment(arrival);
      },
    });
    this.hls = startHls({
      ...options,
      playlist: filmUrl(src, "elastic.m3u8"),
      fragmentLoader: this.#loading.loader,
      pinLevel: () => 0,
    });
    const { signal } = this.#listening;
    video.addEventListener("seeked", () => this.#keepOneRange(), { signal });
    video.addEventListener("timeupdate", () => this.#onSegmentPlaying(), { signal });
  }

  follow(change: SizeChange): void {
    if (!change.notable) return;
    // Whatever is on its way has the old size.
    this.#loading.restartInFlight();
    this.#changes++;
    this.#wanted = change.size;
    const { buffered, paused } = this.#video;
    if (buffered.length === 0) return;
    if (paused) this.#redraw();
    else this.#replaceAhead(change.size);
    this.#forgetBehind();
  }

  destroy(): void {
    this.#listening.abort();
    this.hls.destroy();
  }

  /** A film that loops, or is sought back and forth, comes by segments of an earlier size: they go in time. */
  #onSegmentPlaying(): void {
    const { currentTime } = this.#video;
    const playing = this.#segments.findIndex(({ end }) => currentTime < end);
    if (playing < 0 || playing === this.#playing) return;
    this.#playing = playing;
    if (this.#wanted === null) return;
    this.#replaceAhead(this.#wanted);
    this.#forgetBehind();
  }

  #isStale(segment: Fragment): boolean {
    return (this.#arrivals.get(Number(segment.sn)) ?? this.#changes) < this.#changes;
  }

  #replaceAhead(size: Size): void {
    const { buffered, currentTime } = this.#video;
    if (buffered.length === 0) return;
    const computing = this.#computing.expected(size);
    const cut = flushPoint(this.#segments, currentTime, buffered.end(buffered.length - 1), computing);
    if (cut === null || !this.#segments.some((segment) => segment.start >= cut && this.#isStale(segment)))
      return;
    this.#flush(cut, Number.POSITIVE_INFINITY);
  }

  /** What was played at another size is not kept for a seek back: it would be shown at that size again. */
  #forgetBehind(): void {
    const { currentTime } = this.#video;
    const playing = this.#segments.find(({ end }) => currentTime < end);
    if (playing === undefined) return;
    const behind = this.#segments.filter(({ end }) => end <= playing.start);
    if (!behind.some((segment) => this.#isStale(segment))) return;
    this.#flush(0, playing.start);
  }

  /** A still picture is computed again too: nothing stalls, and the old one stays until the new one is there. */
  #redraw(): void {
    const video = this.#video;
    const position = video.currentTime;
    const shown = this.#segments.find(({ end }) => position < end);
    if (shown === undefined) return;
    this.#flush(shown.start, Number.POSITIVE_INFINITY);
    this.#afterSegment(
      ({ frag }) => frag.start <= position + 0.01 && position < frag.end,
      () => {
        // Only a seek makes a video decode the frame again on which it rests.
        if (video.paused && video.currentTime === position) video.currentTime = position;
      },
    );
  }

  /** Islands that seeking left behind go: what lies there has a size from back then. */
  #keepOneRange(): void {
    const { buffered, currentTime } = this.#video;
    const ranges = Array.from(
      { length: buffered.length },
      (_, i) => [buffered.start(i), buffered.end(i)] as const,
    );
    for (const [start, end] of ranges) {
      if (currentTime < start || currentTime > end) this.#flush(start, end);
    }
  }

  get #segments() {
    return this.hls.levels[0]?.details?.fragments ?? [];
  }

  /** Empties a part of the picture's buffer, in seconds; the sound stays, since it depends on no size. */
  #flush(startOffset: number, endOffset: number): void {
    for (const { sn, start, end } of this.#segments) {
      const middle = (start + end) / 2;
      if (middle > startOffset && middle < endOffset) this.#arrivals.delete(Number(sn));
    }
    this.hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset, type: "video" });
  }

  /** Runs once, when the next segment of the picture that matches has been buffered. */
  #afterSegment(matches: (data: FragBufferedData) => boolean, run: () => void): void {
    const listen = (_event: unknown, data: FragBufferedData) => {
      if (data.frag.type !== "main" || data.frag.sn === "initSegment" || !matches(data)) return;
      this.hls.off(Hls.Events.FRAG_BUFFERED, listen);
      run();
    };
    this.hls.on(Hls.Events.FRAG_BUFFERED, listen);
  }
}
