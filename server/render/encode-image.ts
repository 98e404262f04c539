import type { Sharp } from "sharp";
import type { ImageFormat } from "../request/image-file.js";
import type { Size } from "../request/size.js";

/** Part of every URL version. Change it whenever the settings below change the bytes of an image. */
export const IMAGE_SETTINGS = "images 1";

// Images are encoded while a request waits: the efforts are from the fast half of each encoder's range.
const ENCODERS: Readonly<Record<ImageFormat, (image: Sharp) => Sharp>> = {
  jpg: (image) => image.jpeg({ quality: 85 }),
  png: (image) => image.png({ compressionLevel: 6 }),
  webp: (image) => image.webp({ quality: 82, effort: 2 }),
  avif: (image) => image.avif({ quality: 60, effort: 2 }),
};

/**
 * Encodes an image.
 *
 * @param rgba width * height * 4 bytes, full range; alpha is ignored
 */
export async function encodeImage(
  rgba: Uint8Array,
  { width, height }: Size,
  format: ImageFormat,
): Promise<Uint8Array> {
  // Imported on first use: sharp loads several megabytes of native code, which segments do not need.
  const { default: sharp } = await import("sharp");
  const image = sharp(rgba, { raw: { width, height, channels: 4 } }).removeAlpha();
  return ENCODERS[format](image).toBuffer();
}
