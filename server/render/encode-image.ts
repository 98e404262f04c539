import type { Sharp } from "sharp";

/** File formats of a single picture, as they stand in a URL. */
export const IMAGE_FORMATS = ["jpg", "png", "webp", "avif"] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** Changes with the bytes that equal pixels become. */
export const IMAGE_SETTINGS = "pictures 1";

export const IMAGE_TYPES: Readonly<Record<ImageFormat, string>> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
};

// Effort is spent while somebody waits: the fast half of each encoder's range.
const ENCODERS: Readonly<Record<ImageFormat, (image: Sharp) => Sharp>> = {
  jpg: (image) => image.jpeg({ quality: 85 }),
  png: (image) => image.png({ compressionLevel: 6 }),
  webp: (image) => image.webp({ quality: 82, effort: 2 }),
  avif: (image) => image.avif({ quality: 60, effort: 2 }),
};

export const isImageFormat = (text: string): text is ImageFormat =>
  (IMAGE_FORMATS as readonly string[]).includes(text);

/** @param rgba width * height * 4 bytes, full range; alpha is left out */
export async function encodeImage(
  rgba: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  format: ImageFormat,
): Promise<Uint8Array> {
  // Loaded by the first picture: it is native code of some megabytes, and segments need none of it.
  const { default: sharp } = await import("sharp");
  const image = sharp(rgba, { raw: { width, height, channels: 4 } }).removeAlpha();
  return ENCODERS[format](image).toBuffer();
}
