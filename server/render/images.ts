import type { Viewport } from "../../codec/decode/viewport.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { ImageFile } from "../request/image-file.js";
import { viewportKey } from "../request/viewport.js";
import { imageCost } from "./cost.js";
import { encodeImage } from "./encode-image.js";
import type { Renderer } from "./renderer.js";
import type { Sheet, Storyboard } from "./storyboard.js";

/** A frame of a video to render as an image file. */
export interface ImageRequest extends ImageFile {
  readonly entry: CatalogEntry;
  /** The output sides may be odd. */
  readonly viewport: Viewport;
}

/** A sheet of a storyboard to render as a JPEG file. */
export interface SheetRequest {
  readonly entry: CatalogEntry;
  readonly storyboard: Storyboard;
  readonly sheet: Sheet;
}

export interface ImageServiceDependencies {
  readonly renderer: Renderer;
}

/** Returns the cache key of an image. */
export const imageKey = ({ entry, viewport, timeMs, format }: ImageRequest): string =>
  `${entry.id} ${entry.version} ${viewportKey(viewport, entry.video)} ${format} ${timeMs}`;

/** Returns the cache key of a cover. */
export const coverKey = ({ id, version }: CatalogEntry): string => `${id} ${version} cover`;

/** Pixels per side that reading a cover counts as. */
const COVER_SIDE = 720;

/** Returns the cache key of a storyboard sheet. */
export const sheetKey = ({ entry, storyboard, sheet }: SheetRequest): string => {
  const { thumbnail, intervalMs } = storyboard;
  return `${entry.id} ${entry.version} ${viewportKey(thumbnail, entry.video)} storyboard ${intervalMs} ${sheet.index}`;
};

/** Renders images and storyboard sheets. Equal requests have equal bytes. */
export class ImageService {
  readonly #dependencies: ImageServiceDependencies;

  constructor(dependencies: ImageServiceDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns an image file. Rejects with SieddError, RequestError or the signal's reason. */
  image(request: ImageRequest, signal?: AbortSignal): Promise<Uint8Array> {
    const { entry, viewport, timeMs } = request;
    const { width, height } = viewport;
    const job = {
      key: imageKey(request),
      event: { type: "image", id: entry.id, index: timeMs, width, height, frames: 1 },
      cost: imageCost(request),
      render: (jobSignal: AbortSignal) => this.#renderImage(request, jobSignal),
    } as const;
    return this.#dependencies.renderer.run(job, signal);
  }

  /** Returns the cover art of a video, which must have one, as a JPEG file. Rejects as `image` does, or with MediaError. */
  cover(entry: CatalogEntry, signal?: AbortSignal): Promise<Uint8Array> {
    const { readCover } = entry.video;
    if (readCover === undefined) throw new Error(`${entry.id} has no cover`);
    const job = {
      key: coverKey(entry),
      event: { type: "image", id: entry.id, index: 0, width: COVER_SIDE, height: COVER_SIDE, frames: 0 },
      cost: COVER_SIDE * COVER_SIDE,
      render: (jobSignal: AbortSignal) => readCover(jobSignal),
    } as const;
    return this.#dependencies.renderer.run(job, signal);
  }

  /** Returns a storyboard sheet as a JPEG file. Rejects as `image` does. */
  sheet(request: SheetRequest, signal?: AbortSignal): Promise<Uint8Array> {
    const { entry, storyboard, sheet } = request;
    const { width, height } = storyboard.thumbnail;
    const job = {
      key: sheetKey(request),
      event: { type: "storyboard", id: entry.id, index: sheet.index, width, height, frames: sheet.count },
      cost: imageCost({ entry, viewport: storyboard.thumbnail, format: "jpg", frames: sheet.count }),
      render: (jobSignal: AbortSignal) => this.#renderSheet(request, jobSignal),
    } as const;
    return this.#dependencies.renderer.run(job, signal);
  }

  async #renderImage(request: ImageRequest, signal: AbortSignal): Promise<Uint8Array> {
    const { entry, viewport, timeMs, format } = request;
    const rate = { num: 1000, den: 1 };
    const options = { rate, from: timeMs, count: 1, viewport, format: "rgba", signal } as const;
    const { value: rgba } = await entry.video.frames(options).next();
    if (rgba === undefined) throw new Error(`no frame at ${timeMs} ms of ${entry.id}`);
    const file = await encodeImage(rgba, viewport, format);
    signal.throwIfAborted();
    return file;
  }

  async #renderSheet({ entry, storyboard, sheet }: SheetRequest, signal: AbortSignal): Promise<Uint8Array> {
    const { thumbnail: viewport, intervalMs } = storyboard;
    const rate = { num: 1000, den: intervalMs };
    const options = {
      rate,
      from: sheet.first,
      count: sheet.count,
      viewport,
      format: "rgba",
      signal,
    } as const;
    const size = { width: sheet.columns * viewport.width, height: sheet.rows * viewport.height };
    const sheetRgba = new Uint8Array(size.width * size.height * 4);
    let cell = 0;
    for await (const rgba of entry.video.frames(options)) {
      drawThumbnail(sheetRgba, rgba, { sheet, thumbnail: viewport, cell });
      cell++;
    }
    const file = await encodeImage(sheetRgba, size, "jpg");
    signal.throwIfAborted();
    return file;
  }
}

/** Copies a thumbnail into its cell of a sheet; both are RGBA, row by row. */
function drawThumbnail(
  sheetRgba: Uint8Array,
  rgba: Uint8Array,
  { sheet, thumbnail, cell }: { readonly sheet: Sheet; readonly thumbnail: Viewport; readonly cell: number },
): void {
  const rowBytes = thumbnail.width * 4;
  const sheetRowBytes = sheet.columns * rowBytes;
  const top = Math.floor(cell / sheet.columns) * thumbnail.height;
  const offset = top * sheetRowBytes + (cell % sheet.columns) * rowBytes;
  for (let row = 0; row < thumbnail.height; row++) {
    sheetRgba.set(rgba.subarray(row * rowBytes, (row + 1) * rowBytes), offset + row * sheetRowBytes);
  }
}
