import { abortable } from "../../decode-pool/abortable.js";
import { MediaError } from "../../media/errors.js";
import { readViewport } from "../../media/read/viewport-frames.js";
import type { SourceFile } from "../library/library.js";
import type { FrameRequest } from "./video.js";

/** Milliseconds that an unused reader stays open for the next request. */
const IDLE_MS = 2500;

/** An ffmpeg process that waits in the middle of a video for the request of the next frames. */
interface OpenReader {
  readonly key: string;
  /** Index of the frame that it yields next. */
  next: number;
  readonly frames: AsyncGenerator<Uint8Array>;
  readonly stop: AbortController;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Reads frames of sources with ffmpeg. After a request, its ffmpeg process stays open for a moment, because players ask
 * for consecutive segments of one size: the next request then needs neither a new process nor a seek.
 */
export class SourceReaders {
  readonly #maxIdle: number;
  /** The reader that was used last is at the end. */
  readonly #idle: OpenReader[] = [];
  #closed = false;

  /** @param maxIdle readers that stay open at the same time */
  constructor(maxIdle: number) {
    this.#maxIdle = maxIdle;
  }

  /** Number of ffmpeg processes that wait for a request. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * Yields frames of a source in order. At another frame rate than the source's, a single frame is exact, and several
   * are keyframes, which makes thumbnails of a long video fast.
   * @throws MediaError `no-frames`, `ffmpeg-failed`; the signal's reason.
   */
  async *frames(source: SourceFile, request: FrameRequest): AsyncGenerator<Uint8Array, void, undefined> {
    request.signal?.throwIfAborted();
    if (request.rate !== undefined) return yield* this.#atOtherRate(source, request);
    const { from, count, viewport, format, signal } = request;
    const { region, width, height } = viewport;
    const key = `${source.path}\n${source.identity} ${region.x},${region.y},${region.width},${region.height} ${width}x${height} ${format}`;
    const reader = this.#take(key, from) ?? this.#open(key, source, request);
    let complete = false;
    try {
      let last: Uint8Array | undefined;
      for (let frame = from; frame < from + count; frame++) {
        const { value, done } = await abortable(reader.frames.next(), signal);
        // A damaged end has fewer frames than the file's tables say.
        const next = done ? last?.slice() : value;
        if (next === undefined) throw endsEarly(source, frame);
        last = next;
        reader.next++;
        yield next;
      }
      complete = true;
    } finally {
      if (complete && reader.next < source.frameCount) this.#keep(reader);
      else this.#stop(reader);
    }
  }

  /** Stops all processes. */
  close(): void {
    this.#closed = true;
    for (const reader of this.#idle.splice(0)) this.#stop(reader);
  }

  #open(key: string, { path, info }: SourceFile, { from, viewport, format }: FrameRequest): OpenReader {
    const stop = new AbortController();
    const { region, width, height } = viewport;
    const options = { firstFrame: from, region, width, height, format, signal: stop.signal };
    return { key, next: from, frames: readViewport(path, info, options), stop, timer: undefined };
  }

  #take(key: string, from: number): OpenReader | undefined {
    const index = this.#idle.findIndex((reader) => reader.key === key && reader.next === from);
    if (index < 0) return undefined;
    const [reader] = this.#idle.splice(index, 1);
    clearTimeout(reader.timer);
    return reader;
  }

  #keep(reader: OpenReader): void {
    if (this.#closed) {
      this.#stop(reader);
      return;
    }
    this.#idle.push(reader);
    reader.timer = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(reader), 1);
      this.#stop(reader);
    }, IDLE_MS).unref();
    if (this.#idle.length > this.#maxIdle) {
      const [oldest] = this.#idle.splice(0, 1);
      this.#stop(oldest);
    }
  }

  #stop(reader: OpenReader): void {
    clearTimeout(reader.timer);
    reader.stop.abort();
    // Ends the generator, which waits for ffmpeg to exit.
    reader.frames.return(undefined).catch(() => {});
  }

  async *#atOtherRate(
    { path, info, frameCount }: SourceFile,
    { rate, from, count, viewport, format, signal }: FrameRequest,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { region, width, height } = viewport;
    const output = { region, width, height, format, frameCount: count, signal };
    if (count > 1) {
      return yield* readViewport(
        path,
        { ...info, frameRate: rate!, frameCount: undefined, regular: false },
        { ...output, firstFrame: from, keyframesOnly: true },
      );
    }
    const position = (from * rate!.den * info.frameRate.num) / (rate!.num * info.frameRate.den);
    // The epsilon keeps a rounding error from showing the frame before an exact position.
    const firstFrame = Math.min(frameCount - 1, Math.floor(position + 1e-6));
    yield* readViewport(path, info, { ...output, firstFrame });
  }
}

const endsEarly = ({ path, frameCount }: SourceFile, frame: number): MediaError =>
  new MediaError(
    "no-frames",
    `${path} ends before frame ${frame}, but its index says that it has ${frameCount} frames; copy or download it again`,
  );
