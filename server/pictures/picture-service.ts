import type { Film } from "../catalogue.js";
import { type DecodePool, decodeFrames } from "../decoding/index.js";
import { RequestError } from "../errors.js";
import type { RegionRequest, SourceSize } from "../sizes/region.js";
import type { WorkEvent } from "../work/events.js";
import type { WorkQueue } from "../work/queue.js";
import type { SharedCache } from "../work/shared-cache.js";
import { encodePicture, type PictureFormat } from "./encode-picture.js";

/** One moment of a film as a picture. */
export interface Picture {
  readonly film: Film;
  readonly region: RegionRequest;
  /** Output pixels, odd ones too. */
  readonly size: SourceSize;
  readonly milliseconds: number;
  readonly format: PictureFormat;
}

export interface PictureServiceParts {
  readonly pool: DecodePool;
  readonly cache: SharedCache;
  readonly queue: WorkQueue;
  readonly onWork: (event: WorkEvent) => void;
}

const MILLISECONDS = { num: 1000, den: 1 };

/** Names the bytes of a picture among all that this server can make. */
export function pictureKey({ film, region, size, milliseconds, format }: Picture): string {
  return `${film.id} ${film.version} ${region.canonical} ${size.width}x${size.height} ${format} ${milliseconds}`;
}

/** Whole milliseconds of a film: the first that has no picture any more. */
export function endOfFilm({ asset: { frameCount, frameRate } }: Film): number {
  // Rounded up, and a hair below what sums of fractions leave above a whole number.
  return Math.ceil((frameCount * 1000 * frameRate.den) / frameRate.num - 1e-6);
}

/** Throws RequestError `no-such-frame` for a moment past the end. */
export function expectMoment(film: Film, milliseconds: number): void {
  const end = endOfFilm(film);
  if (milliseconds < end) return;
  throw new RequestError(
    "no-such-frame",
    `"${film.id}" has pictures from 0 to ${end - 1} milliseconds, not at ${milliseconds}`,
  );
}

/** Computes single pictures when they are asked for: a pure function of film, moment, region, size and format. */
export class PictureService {
  readonly #parts: PictureServiceParts;

  constructor(parts: PictureServiceParts) {
    this.#parts = parts;
  }

  /** The picture's file. Rejects with SieddError, RequestError or the signal's reason. */
  picture(picture: Picture, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const make = (abandoned: AbortSignal) => queue.run((ended) => this.#make(picture, ended), abandoned);
    return cache.get(pictureKey(picture), make, signal);
  }

  async #make(picture: Picture, signal: AbortSignal): Promise<Uint8Array> {
    const { film, region, size, milliseconds, format } = picture;
    const { width, height } = size;
    const started = performance.now();
    const frames = decodeFrames(this.#parts.pool, film.path, {
      from: milliseconds,
      count: 1,
      rate: MILLISECONDS,
      request: { region, width, height },
      format: "rgba",
      opened: film,
      signal,
    });
    const { value: rgba } = await frames.next();
    if (rgba === undefined) throw new Error(`no frame at ${milliseconds} ms of ${film.id}`);
    const bytes = await encodePicture(rgba, size, format);
    signal.throwIfAborted();
    const seconds = (performance.now() - started) / 1000;
    const work = { index: milliseconds, width, height, frames: 1, seconds, bytes: bytes.byteLength };
    this.#parts.onWork({ type: "picture", id: film.id, ...work });
    return bytes;
  }
}
