import { fullRegion } from "../../codec/decode/viewport.js";
import { type DecodeFramesOptions, type DecodePool, decodeFrames } from "../../decode-pool/index.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { WorkEvent } from "../monitoring/work-event.js";
import type { RegionRequest, SourceSize } from "../request/region.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { encodeImage, type ImageFormat } from "./encode-image.js";
import type { Sheet, Storyboard } from "./storyboard.js";

/** One moment of a video as a picture. */
export interface ImageRequest {
  readonly entry: CatalogEntry;
  readonly region: RegionRequest;
  /** Output pixels, odd ones too. */
  readonly size: SourceSize;
  readonly milliseconds: number;
  readonly format: ImageFormat;
}

export interface ImageServiceDependencies {
  readonly pool: DecodePool;
  readonly cache: CoalescingCache;
  readonly queue: WorkQueue;
  readonly onWork: (event: WorkEvent) => void;
}

const MILLISECONDS = { num: 1000, den: 1 };

/** Names the bytes of a picture among all that this server can make. */
export function imageKey({ entry, region, size, milliseconds, format }: ImageRequest): string {
  return `${entry.id} ${entry.version} ${region.canonical} ${size.width}x${size.height} ${format} ${milliseconds}`;
}

/** Names the bytes of a sheet among all that this server can make. */
export function sheetKey(entry: CatalogEntry, { thumbnail, interval }: Storyboard, { index }: Sheet): string {
  return `${entry.id} ${entry.version} full ${thumbnail.width}x${thumbnail.height} storyboard ${interval} ${index}`;
}

/** Computes single pictures and sheets of thumbnails when they are asked for: pure functions of what their URLs say. */
export class ImageService {
  readonly #parts: ImageServiceDependencies;

  constructor(parts: ImageServiceDependencies) {
    this.#parts = parts;
  }

  /** The picture's file. Rejects with SieddError, RequestError or the signal's reason. */
  image(image: ImageRequest, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const make = (abandoned: AbortSignal) =>
      queue.run((ended) => this.#make(image, ended), abandoned, image.size.width * image.size.height);
    return cache.get(imageKey(image), make, signal);
  }

  /** A sheet of a storyboard as a JPEG file. Rejects as `picture` does. */
  sheet(entry: CatalogEntry, board: Storyboard, sheet: Sheet, signal?: AbortSignal): Promise<Uint8Array> {
    const { cache, queue } = this.#parts;
    const make = (abandoned: AbortSignal) =>
      queue.run(
        (ended) => this.#makeSheet(entry, board, sheet, ended),
        abandoned,
        board.thumbnail.width * board.thumbnail.height * sheet.count,
      );
    return cache.get(sheetKey(entry, board, sheet), make, signal);
  }

  async #make(image: ImageRequest, signal: AbortSignal): Promise<Uint8Array> {
    const { entry, region, size, milliseconds, format } = image;
    const { width, height } = size;
    return this.#timed(
      { type: "image", id: entry.id, index: milliseconds, width, height, frames: 1 },
      async () => {
        const request = { region, width, height };
        const frames = this.#decode(entry, {
          rate: MILLISECONDS,
          from: milliseconds,
          count: 1,
          request,
          signal,
        });
        const { value: rgba } = await frames.next();
        if (rgba === undefined) throw new Error(`no frame at ${milliseconds} ms of ${entry.id}`);
        const bytes = await encodeImage(rgba, size, format);
        signal.throwIfAborted();
        return bytes;
      },
    );
  }

  async #makeSheet(
    entry: CatalogEntry,
    board: Storyboard,
    sheet: Sheet,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const { width, height } = board.thumbnail;
    const { index, first, count, columns, rows } = sheet;
    return this.#timed(
      { type: "storyboard", id: entry.id, index, width, height, frames: count },
      async () => {
        const size = { width: columns * width, height: rows * height };
        const pixels = new Uint8Array(size.width * size.height * 4);
        const rate = { num: 1000, den: board.interval };
        const request = { region: fullRegion(entry.asset), width, height };
        let cell = 0;
        for await (const rgba of this.#decode(entry, { rate, from: first, count, request, signal })) {
          const corner = (Math.floor(cell / columns) * height * size.width + (cell % columns) * width) * 4;
          for (let row = 0; row < height; row++) {
            const line = rgba.subarray(row * width * 4, (row + 1) * width * 4);
            pixels.set(line, corner + row * size.width * 4);
          }
          cell++;
        }
        const bytes = await encodeImage(pixels, size, "jpg");
        signal.throwIfAborted();
        return bytes;
      },
    );
  }

  #decode(entry: CatalogEntry, options: Omit<DecodeFramesOptions, "format">) {
    return decodeFrames(this.#parts.pool, entry, { ...options, format: "rgba" });
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
