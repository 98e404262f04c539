/** PSNR of a frame without any error: 8-bit values cannot tell more. */
const PERFECT = 100;

/**
 * Peak signal-to-noise ratio of one frame over R'G'B', dB: 10 log10(255^2 / mean squared error).
 * decoded: RGBA or packed R'G'B', reference: packed R'G'B', both 8 bits of the same picture size.
 */
export function framePsnr(decoded: Uint8Array, reference: Uint8Array): number {
  const pixels = reference.length / 3;
  const stride = decoded.length / pixels;
  if (stride !== 3 && stride !== 4) throw new RangeError(`${decoded.length} bytes for ${pixels} pixels`);
  let squares = 0;
  for (let i = 0, j = 0; j < reference.length; i += stride, j += 3) {
    const r = decoded[i] - reference[j];
    const g = decoded[i + 1] - reference[j + 1];
    const b = decoded[i + 2] - reference[j + 2];
    squares += r * r + g * g + b * b;
  }
  return squares === 0
    ? PERFECT
    : Math.min(PERFECT, 10 * Math.log10((255 * 255 * reference.length) / squares));
}
