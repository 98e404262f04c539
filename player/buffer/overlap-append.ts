import Hls, { type ChunkMetadata, type Fragment } from "hls.js";
import { bufferedAround, bufferedUntil } from "../playback/buffered.js";

/**
 * Appends segments of the picture over those in the buffer: media source extensions replace frames of the same time.
 * dash.js switches quality in this way; hls.js 1.7 only flushes, but appends what it is told to.
 */
export class OverlapAppender {
  readonly #hls: Hls;
  readonly #video: HTMLVideoElement;
  #chunk: ChunkMetadata | null = null;
  #settle: (ranges: TimeRanges | null) => void = () => undefined;

  constructor(hls: Hls, video: HTMLVideoElement) {
    this.#hls = hls;
    this.#video = video;
    const { BUFFER_APPENDED, ERROR, MEDIA_DETACHING } = Hls.Events;
    hls.on(BUFFER_APPENDED, (_event, { chunkMeta, timeRanges }) => {
      if (chunkMeta === this.#chunk) this.#settle(timeRanges.video ?? null);
    });
    hls.on(ERROR, (_event, { chunkMeta }) => {
      if (chunkMeta !== undefined && chunkMeta === this.#chunk) this.#settle(null);
    });
    hls.on(MEDIA_DETACHING, () => this.#settle(null));
  }

  /** One at a time. `done` is told whether the segment is in the buffer. */
  write(frag: Fragment, data: ArrayBuffer, done: (isIn: boolean) => void): void {
    const timing = () => ({ start: 0, executeStart: 0, executeEnd: 0, end: 0 });
    const chunk: ChunkMetadata = {
      level: frag.level,
      sn: Number(frag.sn),
      id: 0,
      size: data.byteLength,
      part: -1,
      // hls.js expects a whole one to make the buffer longer.
      partial: true,
      iframe: false,
      duration: frag.duration,
      transmuxing: timing(),
      buffering: { audio: timing(), video: timing(), audiovideo: timing() },
    };
    const before = bufferedUntil(this.#video);
    this.#chunk = chunk;
    this.#settle = (ranges) => {
      this.#chunk = null;
      this.#settle = () => undefined;
      if (ranges !== null) {
        this.#mendAfter(before);
        this.#endStream(ranges);
      }
      done(ranges !== null);
    };
    const where = { frag, part: null, chunkMeta: chunk, parent: frag.type } as const;
    this.#hls.trigger(Hls.Events.BUFFER_APPENDING, { ...where, type: "video", data: new Uint8Array(data) });
  }

  /** A browser that took away more than came gets the rest anew. */
  #mendAfter(before: number): void {
    const startOffset = bufferedUntil(this.#video);
    const endOffset = Number.POSITIVE_INFINITY;
    if (startOffset < before - 0.1)
      this.#hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset, type: "video" });
  }

  /** Appending has opened a stream again that was complete, and so could not come to its end. */
  #endStream(buffered: TimeRanges): void {
    const last = this.#hls.levels[this.#hls.loadLevel]?.details?.fragments.at(-1);
    const range = bufferedAround({ buffered, currentTime: this.#video.currentTime }, last?.end);
    if (last !== undefined && range !== null && range.end >= last.end - 0.1)
      this.#hls.trigger(Hls.Events.BUFFER_EOS, { type: "video" });
  }
}
