import { fullRegion } from "../../codec/decode/viewport.js";
import { type DecodeFramesOptions, type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import type { SharedCache } from "../cache/coalescing-cache.js";
import type { Film } from "../catalog/catalog.js";
import type { WorkEvent } from "../monitoring/work-event.js";
import type { RegionRequest, SourceSize } from "../request/region.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { encodePicture, type PictureFormat } from "./encode-image.js";
import type { Sheet, Storyboard } from "./storyboard.js";

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

/** Names the bytes of a sheet among all that this server can make. */
export function sheetKey(film: Film, { thumbnail, interval }: Storyboard, { index }: Sheet): string {
  return `${film.id} ${film.version} full ${thumbnail.width}x${thumbnail.height} storyboard ${interval} ${index}`;
}

/** Computes single pictures and sheets of thumbnails when they are asked for: pure functions of what their URLs say. */
export class PictureService {
  readonly #parts: PictureServiceParts;

  constructor(parts: PictureServiceParts) {
    this.#parts = parts;
  }

  /** The picture's file. Rejects with SieddError, RequestError or the signal's reason. */
  picture(picture: Picture, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const make = (abandoned: AbortSignal) =>
      queue.run((ended) => this.#make(picture, ended), abandoned, picture.size.width * picture.size.height);
    return cache.get(pictureKey(picture), make, signal);
  }

  /** A sheet of a storyboard as a JPEG file. Rejects as `picture` does. */
  sheet(film: Film, board: Storyboard, sheet: Sheet, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const make = (abandoned: AbortSignal) =>
      queue.run(
        (ended) => this.#makeSheet(film, board, sheet, ended),
        abandoned,
        board.thumbnail.width * board.thumbnail.height * sheet.count,
      );
    return cache.get(sheetKey(film, board, sheet), make, signal);
  }

  async #make(picture: Picture, signal: AbortSignal): Promise<Uint8Array> {
    const { film, region, size, milliseconds, format } = picture;
    const { width, height } = size;
    return this.#timed(
      { type: "picture", id: film.id, index: milliseconds, width, height, frames: 1 },
      async () => {
        const request = { region, width, height };
        const frames = this.#decode(film, {
          rate: MILLISECONDS,
          from: milliseconds,
          count: 1,
          request,
          signal,
        });
        const { value: rgba } = await frames.next();
        if (rgba === undefined) throw new Error(`no frame at ${milliseconds} ms of ${film.id}`);
        const bytes = await encodePicture(rgba, size, format);
        signal.throwIfAborted();
        return bytes;
      },
    );
  }

  async #makeSheet(film: Film, board: Storyboard, sheet: Sheet, signal: AbortSignal): Promise<Uint8Array> {
    const { width, height } = board.thumbnail;
    const { index, first, count, columns, rows } = sheet;
    return this.#timed({ type: "storyboard", id: film.id, index, width, height, frames: count }, async () => {
      const size = { width: columns * width, height: rows * height };
      const pixels = new Uint8Array(size.width * size.height * 4);
      const rate = { num: 1000, den: board.interval };
      const request = { region: fullRegion(film.asset), width, height };
      let cell = 0;
      for await (const rgba of this.#decode(film, { rate, from: first, count, request, signal })) {
        const corner = (Math.floor(cell / columns) * height * size.width + (cell % columns) * width) * 4;
        for (let row = 0; row < height; row++) {
          const line = rgba.subarray(row * width * 4, (row + 1) * width * 4);
          pixels.set(line, corner + row * size.width * 4);
        }
        cell++;
      }
      const bytes = await encodePicture(pixels, size, "jpg");
      signal.throwIfAborted();
      return bytes;
    });
  }

  #decode(film: Film, options: Omit<DecodeFramesOptions, "format">) {
    return decodeFrames(this.#parts.pool, film, { ...options, format: "rgba" });
  }

  async #timed(
    event: Omit<WorkEvent, "seconds" | "bytes">,
    work: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const started = performance.now();
    const bytes = await work();
    const seconds = (performance.now() - started) / 1000;
    this.#parts.onWork({ ...event, seconds, bytes: bytes.byteLength });
    return bytes;
  }
}
