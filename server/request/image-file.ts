import type { Viewport } from "../../codec/decode/viewport.js";
import { RequestError } from "../errors.js";
import type { Size } from "./size.js";
import { viewportPath } from "./viewport.js";

/** File formats of images, as written in URLs. */
export const IMAGE_FORMATS = ["jpg", "png", "webp", "avif"] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** What the file name of an image URL, `frame-1200.jpg`, selects. */
export interface ImageFile {
  /** Milliseconds from the start of the video. */
  readonly timeMs: number;
  readonly format: ImageFormat;
}

/**
 * Parses the part of an image's file name after `frame-`, such as `1200.jpg`.
 *
 * @throws RequestError `bad-time` or `bad-format`
 */
export function parseImageFile(file: string): ImageFile {
  const shown = file.length > 40 ? `${file.slice(0, 40)}...` : file;
  const dot = file.indexOf(".");
  const time = dot < 0 ? file : file.slice(0, dot);
  if (!/^\d{1,10}$/.test(time)) {
    throw new RequestError(
      "bad-time",
      `"frame-${shown}" has no time; add integer milliseconds after "frame-", as in frame-1200.jpg`,
    );
  }
  const format = dot < 0 ? "" : file.slice(dot + 1);
  if (!isImageFormat(format)) {
    const extensions = IMAGE_FORMATS.map((name) => `.${name}`).join(", ");
    throw new RequestError("bad-format", `"frame-${shown}" has an unknown format; use one of ${extensions}`);
  }
  return { timeMs: Number(time), format };
}

/** Formats the canonical URL of an image, relative to `/:id/` and without `v`. */
export const imageUrl = (viewport: Viewport, frame: Size, { timeMs, format }: ImageFile): string =>
  `${viewportPath(viewport, frame, 1)}/frame-${timeMs}.${format}`;

const isImageFormat = (text: string): text is ImageFormat =>
  (IMAGE_FORMATS as readonly string[]).includes(text);
