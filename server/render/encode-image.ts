import type { Sharp } from "sharp";

/** File formats of a single picture, as they stand in a URL. */
export const PICTURE_FORMATS = ["jpg", "png", "webp", "avif"] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];

/** Changes with the bytes that equal pixels become. */
export const PICTURE_RECIPE = "pictures 1";

export const PICTURE_TYPES: Readonly<Record<PictureFormat, string>> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
};

// Effort is spent while somebody waits: the fast half of each encoder's range.
const ENCODERS: Readonly<Record<PictureFormat, (picture: Sharp) => Sharp>> = {
  jpg: (picture) => picture.jpeg({ quality: 85 }),
  png: (picture) => picture.png({ compressionLevel: 6 }),
  webp: (picture) => picture.webp({ quality: 82, effort: 2 }),
  avif: (picture) => picture.avif({ quality: 60, effort: 2 }),
};

export const isPictureFormat = (text: string): text is PictureFormat =>
  (PICTURE_FORMATS as readonly string[]).includes(text);

/** @param rgba width * height * 4 bytes, full range; alpha is left out */
export async function encodePicture(
  rgba: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  format: PictureFormat,
): Promise<Uint8Array> {
  // Loaded by the first picture: it is native code of some megabytes, and segments need none of it.
  const { default: sharp } = await import("sharp");
  const picture = sharp(rgba, { raw: { width, height, channels: 4 } }).removeAlpha();
  return ENCODERS[format](picture).toBuffer();
}
