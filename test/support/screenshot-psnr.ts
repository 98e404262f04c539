import sharp from "sharp";

/** Peak signal-to-noise ratio of two pictures, brought to the same size in pixels, in dB. */
export async function psnr(a: Buffer, b: Buffer, size: { width: number; height: number }): Promise<number> {
  const pixels = (frame: Buffer) => sharp(frame).resize(size).removeAlpha().raw().toBuffer();
  const [one, other] = [await pixels(a), await pixels(b)];
  const error = one.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0) / one.length;
  return 10 * Math.log10(255 ** 2 / error);
}
