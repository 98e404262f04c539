import { SSIM_WINDOW, Ssim } from "./ssim.js";

/** Weights of the five scales of MS-SSIM, finest first (Z. Wang, E. P. Simoncelli, A. C. Bovik 2003). */
const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** Minimum side in pixels for which MS-SSIM is defined: the SSIM window must fit into the coarsest of the five scales. */
export const MS_SSIM_MIN_SIDE = SSIM_WINDOW * 2 ** (SCALE_WEIGHTS.length - 1);

/** Structural similarity of two frames. 1 means identical. */
export interface SsimScores {
  /** SSIM, -1 to 1 (Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli 2004). */
  readonly ssim: number;
  /** MS-SSIM, 0 to 1 (Z. Wang, E. P. Simoncelli, A. C. Bovik 2003); undefined if a side is below 176 pixels. */
  readonly msSsim: number | undefined;
}

interface Scale {
  readonly width: number;
  readonly height: number;
  readonly ssim: Ssim;
  readonly decoded: Float32Array;
  readonly reference: Float32Array;
}

/**
 * Computes SSIM and MS-SSIM of frames of one size, on BT.601 luma (0.299 R' + 0.587 G' + 0.114 B', full range). SSIM uses
 * the published 11 x 11 Gaussian window of deviation 1.5 and the mean over all windows that lie within the frame. MS-SSIM
 * multiplies the contrast-structure terms of five scales, each half the size of the previous one, and the luminance term
 * of the coarsest, raised to the published weights. An instance reuses its buffers from frame to frame.
 */
export class SsimEvaluator {
  readonly #scales: readonly Scale[];

  /** @param width, height size of the frames in pixels, at least 11 per side */
  constructor(width: number, height: number) {
    const count = Math.min(width, height) >= MS_SSIM_MIN_SIDE ? SCALE_WEIGHTS.length : 1;
    this.#scales = Array.from({ length: count }, (_, scale) => {
      const [scaledWidth, scaledHeight] = [Math.floor(width / 2 ** scale), Math.floor(height / 2 ** scale)];
      const plane = () => new Float32Array(scaledWidth * scaledHeight);
      return {
        width: scaledWidth,
        height: scaledHeight,
        ssim: new Ssim(scaledWidth, scaledHeight),
        decoded: plane(),
        reference: plane(),
      };
    });
  }

  /**
   * Compares a frame with its reference.
   *
   * @param decoded 8-bit RGBA samples; alpha is ignored
   * @param reference 8-bit packed R'G'B' samples
   */
  compare(decoded: Uint8Array, reference: Uint8Array): SsimScores {
    const [finest] = this.#scales;
    fillLuma(decoded, 4, finest.decoded);
    fillLuma(reference, 3, finest.reference);
    const means = this.#scales.map((scale, i) => {
      const finer = this.#scales[i - 1];
      if (finer !== undefined) {
        halve(finer.decoded, finer.width, scale, scale.decoded);
        halve(finer.reference, finer.width, scale, scale.reference);
      }
      return scale.ssim.compare(scale.decoded, scale.reference);
    });
    const coarsest = means.length - 1;
    const msSsim =
      coarsest === 0
        ? undefined
        : means.reduce((product, { ssim, contrast }, i) => {
            // A fractional power of a negative mean is NaN, so a negative mean counts as 0.
            const value = Math.max(0, i === coarsest ? ssim : contrast);
            return product * value ** SCALE_WEIGHTS[i];
          }, 1);
    return { ssim: means[0].ssim, msSsim };
  }
}

function fillLuma(pixels: Uint8Array, stride: number, out: Float32Array): void {
  for (let i = 0, at = 0; i < out.length; i++, at += stride)
    out[i] = 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
}

/** Downscales by averaging 2 x 2 pixels. An odd last row or column is dropped. */
function halve(
  plane: Float32Array,
  planeWidth: number,
  { width, height }: { readonly width: number; readonly height: number },
  out: Float32Array,
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 2 * y * planeWidth + 2 * x;
      out[y * width + x] =
        (plane[at] + plane[at + 1] + plane[at + planeWidth] + plane[at + planeWidth + 1]) / 4;
    }
  }
}
