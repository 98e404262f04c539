/** Upper bound of the PSNR in dB: identical frames have this value instead of infinity. */
const MAX_PSNR = 100;

/**
 * Computes the peak signal-to-noise ratio of a frame in dB: 10 log10(255^2 / MSE), where MSE is the mean squared error over
 * the 8-bit R'G'B' samples of all pixels. The result is at most 100 dB, also for identical frames.
 *
 * @param decoded 8-bit RGBA (alpha is ignored) or packed R'G'B' samples, in row-major order
 * @param reference 8-bit packed R'G'B' samples of a frame of the same size
 * @returns PSNR in dB, up to 100
 * @throws RangeError if `decoded` has neither 3 nor 4 bytes for each pixel of `reference`
 */
export function framePsnr(decoded: Uint8Array, reference: Uint8Array): number {
  const pixels = reference.length / 3;
  const stride = decoded.length / pixels;
  if (stride !== 3 && stride !== 4)
    throw new RangeError(
      `decoded must have 3 or 4 bytes per pixel of the reference (${pixels} pixels), got ${decoded.length} bytes`,
    );
  let squares = 0;
  for (let i = 0, j = 0; j < reference.length; i += stride, j += 3) {
    const r = decoded[i] - reference[j];
    const g = decoded[i + 1] - reference[j + 1];
    const b = decoded[i + 2] - reference[j + 2];
    squares += r * r + g * g + b * b;
  }
  return squares === 0
    ? MAX_PSNR
    : Math.min(MAX_PSNR, 10 * Math.log10((255 * 255 * reference.length) / squares));
}
