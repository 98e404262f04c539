import Hls, { type FragBufferedData } from "hls.js";
import { ComputingTime, flushPoint } from "./flush-point.js";
import { type ElasticLoading, elasticLoading } from "./fragment-loader.js";
import { startHls } from "./hls-playback.js";
import { sizeParameter } from "./size.js";
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
  /** hls.js asks for nothing more when its very first segment is aborted, so a change waits for that one. */
  #begun = false;
  #late: SizeChange | null = null;

  constructor(options: PlaybackOptions) {
    const { video, src, info } = options;
    this.#video = video;
    this.#loading = elasticLoading({
      sizeNow() {
        const size = options.wantedSize();
        return { size, parameter: sizeParameter(size, info) };
      },
      onArrival: (arrival) => {
        this.#computing.add(arrival.size, arrival.seconds);
        options.onSegment(arrival);
      },
    });
    this.hls = startHls({
      ...options,
      playlist: `${src}/elastic.m3u8`,
      fragmentLoader: this.#loading.loader,
      pinLevel: () => 0,
    });
    this.#afterSegment(
      () => true,
      () => {
        this.#begun = true;
        if (this.#late !== null) this.follow(this.#late);
      },
    );
    video.addEventListener("seeked", () => this.#keepOneRange(), { signal: this.#listening.signal });
  }

  follow(change: SizeChange): void {
    if (!change.notable) return;
    if (!this.#begun) {
      this.#late = change;
      return;
    }
    // Whatever is on its way has the old size; asked again, it comes with the new one.
    this.#loading.abortInFlight();
    const { buffered, paused } = this.#video;
    if (buffered.length === 0) return;
    if (paused) this.#redraw();
    else this.#replaceAhead(change, buffered.end(buffered.length - 1));
  }

  destroy(): void {
    this.#listening.abort();
    this.hls.destroy();
  }

  #replaceAhead({ size }: SizeChange, bufferedEnd: number): void {
    const computing = this.#computing.expected(size);
    const cut = flushPoint(this.#segments, this.#video.currentTime, bufferedEnd, computing);
    if (cut !== null) this.#flush(cut, Number.POSITIVE_INFINITY);
  }

  /** A still picture is computed again too: nothing stalls, and the old one stays until the new one is there. */
  #redraw(): void {
    const video = this.#video;
    const position = video.currentTime;
    const shown = this.#segments.find(({ end }) => position < end);
    if (shown === undefined) return;
    this.#flush(shown.start, Number.POSITIVE_INFINITY);
    this.#afterSegment(
      ({ frag }) => frag.end > position,
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
