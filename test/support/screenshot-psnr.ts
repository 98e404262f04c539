import sharp from "sharp";

/** Returns the peak signal-to-noise ratio of two images, scaled to the same size in pixels, in dB. */
export async function psnr(a: Buffer, b: Buffer, size: { width: number; height: number }): Promise<number> {
  const pixels = (image: Buffer) => sharp(image).resize(size).removeAlpha().raw().toBuffer();
  const [valuesA, valuesB] = [await pixels(a), await pixels(b)];
  const error = valuesA.reduce((sum, value, i) => sum + (value - valuesB[i]!) ** 2, 0) / valuesA.length;
  return 10 * Math.log10(255 ** 2 / error);
}
