import { SSIM_WINDOW, Ssim } from "./ssim.js";

/** Weights of the scales of MS-SSIM, finest first (Z. Wang, E. P. Simoncelli, A. C. Bovik 2003). */
const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** Pixels a side from which on MS-SSIM is defined: its window must fit into the coarsest of five scales. */
export const MS_SSIM_SIDE = SSIM_WINDOW * 2 ** (SCALE_WEIGHTS.length - 1);

/** How alike two frames look, from -1 to 1; 1 is identical. */
export interface FrameSimilarity {
  readonly ssim: number;
  /** Undefined where a side of the picture is below MS_SSIM_SIDE. */
  readonly msSsim: number | undefined;
}

interface Scale {
  readonly width: number;
  readonly height: number;
  readonly ssim: Ssim;
  readonly decoded: Float32Array;
  readonly reference: Float32Array;
}

/** SSIM and MS-SSIM of frames of one size, on BT.601 luma. Keeps its buffers between frames. */
export class Similarity {
  readonly #scales: readonly Scale[];

  /** Sides in pixels. */
  constructor(width: number, height: number) {
    const count = Math.min(width, height) >= MS_SSIM_SIDE ? SCALE_WEIGHTS.length : 1;
    this.#scales = Array.from({ length: count }, (_, scale) => {
      const [across, down] = [Math.floor(width / 2 ** scale), Math.floor(height / 2 ** scale)];
      const plane = () => new Float32Array(across * down);
      return {
        width: across,
        height: down,
        ssim: new Ssim(across, down),
        decoded: plane(),
        reference: plane(),
      };
    });
  }

  /** decoded: RGBA, reference: packed R'G'B', 8 bits. */
  frame(decoded: Uint8Array, reference: Uint8Array): FrameSimilarity {
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
            // A negative mean has no fractional power; it is as bad as none.
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

/** Means of 2 x 2 pixels; an odd last row or column is left out. */
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
