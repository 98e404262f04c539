import Hls, { type ChunkMetadata, type Fragment } from "hls.js";
import { bufferedEnd, bufferedRangeAt } from "../playback/buffered.js";

/**
 * Appends video segments over the ones in the buffer: with Media Source Extensions, an appended frame replaces the
 * buffered frame with the same timestamp. dash.js switches quality this way. hls.js 1.7 only flushes, but its buffer
 * controller appends whatever a BUFFER_APPENDING event carries.
 */
export class OverlapAppender {
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  #chunk: ChunkMetadata | null = null;
  #finish: (ranges: TimeRanges | null) => void = () => undefined;

  constructor(hls: Hls, video: HTMLVideoElement) {
    this.#hls = hls;
    this.#video = video;
    const { BUFFER_APPENDED, ERROR, MEDIA_DETACHING } = Hls.Events;
    hls.on(BUFFER_APPENDED, (_event, { chunkMeta, timeRanges }) => {
      if (chunkMeta === this.#chunk) this.#finish(timeRanges.video ?? null);
    });
    hls.on(ERROR, (_event, { chunkMeta }) => {
      if (chunkMeta !== undefined && chunkMeta === this.#chunk) this.#finish(null);
    });
    hls.on(MEDIA_DETACHING, () => this.#finish(null));
  }

  /** Appends a segment, one at a time. Calls `done` with whether the segment is in the buffer. */
  append(frag: Fragment, data: ArrayBuffer, done: (appended: boolean) => void): void {
    const timing = () => ({ start: 0, executeStart: 0, executeEnd: 0, end: 0 });
    const chunk: ChunkMetadata = {
      level: frag.level,
      sn: Number(frag.sn),
      id: 0,
      size: data.byteLength,
      part: -1,
      // hls.js expects a complete fragment to extend the buffer. This one replaces part of it.
      partial: true,
      iframe: false,
      duration: frag.duration,
      transmuxing: timing(),
      buffering: { audio: timing(), video: timing(), audiovideo: timing() },
    };
    const endBefore = bufferedEnd(this.#video);
    this.#chunk = chunk;
    this.#finish = (ranges) => {
      this.#chunk = null;
      this.#finish = () => undefined;
      if (ranges !== null) {
        this.#flushAfterEviction(endBefore);
        this.#signalEndOfStream(ranges);
      }
      done(ranges !== null);
    };
    this.#hls.trigger(Hls.Events.BUFFER_APPENDING, {
      type: "video",
      data: new Uint8Array(data),
      frag,
      part: null,
      chunkMeta: chunk,
      parent: frag.type,
    });
  }

  /** Flushes everything after the segment if the append evicted some of it, so that hls.js loads it again. */
  #flushAfterEviction(endBefore: number): void {
    const startOffset = bufferedEnd(this.#video);
    const endOffset = Number.POSITIVE_INFINITY;
    if (startOffset < endBefore - 0.1)
      this.#hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset, type: "video" });
  }

  /**
   * Signals the end of the stream again if everything up to it is buffered. An append reopens an ended media source, and
   * playback would then never end.
   */
  #signalEndOfStream(buffered: TimeRanges): void {
    const last = this.#hls.levels[this.#hls.loadLevel]?.details?.fragments.at(-1);
    const range = bufferedRangeAt({ buffered, currentTime: this.#video.currentTime }, last?.end);
    if (last !== undefined && range !== null && range.end >= last.end - 0.1)
      this.#hls.trigger(Hls.Events.BUFFER_EOS, { type: "video" });
  }
}
