/** Stabilizing constants of SSIM for 8-bit samples: (0.01 * 255)^2 and (0.03 * 255)^2. */
const C1 = 6.5025;
const C2 = 58.5225;
/** The published window: an 11 x 11 Gaussian with deviation 1.5. */
const RADIUS = 5;
const SIGMA = 1.5;
const KERNEL = gaussian();

/** Side of the window in pixels, and minimum side of a plane. */
export const SSIM_WINDOW = 2 * RADIUS + 1;

function gaussian(): Float32Array {
  const weights = Float32Array.from({ length: 2 * RADIUS + 1 }, (_, i) =>
    Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Means over all windows that lie within the plane. */
export interface WindowMeans {
  /** SSIM: luminance * contrast * structure, -1 to 1. */
  readonly ssim: number;
  /** Contrast * structure, as the finer scales of MS-SSIM use it. */
  readonly contrast: number;
}

/**
 * Computes the structural similarity of planes of one size (Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli 2004). An
 * instance reuses its buffers.
 */
export class Ssim {
  readonly #width: number;
  readonly #height: number;
  /** Two planes: a^2 + b^2, and a b. */
  readonly #products: readonly Float32Array[];
  /** Four planes: a, b and the two products, each filtered along its rows. */
  readonly #rows: readonly Float32Array[];

  /** @param width, height size of the planes in pixels, at least SSIM_WINDOW per side */
  constructor(width: number, height: number) {
    const planes = (count: number) => Array.from({ length: count }, () => new Float32Array(width * height));
    this.#width = width;
    this.#height = height;
    this.#products = planes(2);
    this.#rows = planes(4);
  }

  /** Compares two planes of samples 0 to 255, [height, width]. */
  compare(a: Float32Array, b: Float32Array): WindowMeans {
    const [squares, product] = this.#products;
    for (let i = 0; i < a.length; i++) {
      squares[i] = a[i] * a[i] + b[i] * b[i];
      product[i] = a[i] * b[i];
    }
    [a, b, squares, product].forEach((plane, i) => {
      filterRows(plane, this.#width, this.#height, this.#rows[i]);
    });
    return this.#means();
  }

  #means(): WindowMeans {
    const width = this.#width;
    const [rowsA, rowsB, rowsSquares, rowsProduct] = this.#rows;
    let ssim = 0;
    let contrast = 0;
    for (let y = RADIUS; y < this.#height - RADIUS; y++) {
      for (let x = RADIUS; x < width - RADIUS; x++) {
        const at = y * width + x;
        const a = columnMean(rowsA, at, width);
        const b = columnMean(rowsB, at, width);
        const variances = columnMean(rowsSquares, at, width) - a * a - b * b;
        const covariance = columnMean(rowsProduct, at, width) - a * b;
        const structure = (2 * covariance + C2) / (variances + C2);
        contrast += structure;
        ssim += (structure * (2 * a * b + C1)) / (a * a + b * b + C1);
      }
    }
    const windows = (width - 2 * RADIUS) * (this.#height - 2 * RADIUS);
    return { ssim: ssim / windows, contrast: contrast / windows };
  }
}

function filterRows(plane: Float32Array, width: number, height: number, out: Float32Array): void {
  for (let y = 0; y < height; y++) {
    for (let x = RADIUS; x < width - RADIUS; x++) {
      const at = y * width + x;
      let sum = KERNEL[RADIUS] * plane[at];
      for (let k = 1; k <= RADIUS; k++) sum += KERNEL[RADIUS + k] * (plane[at - k] + plane[at + k]);
      out[at] = sum;
    }
  }
}

function columnMean(rows: Float32Array, at: number, width: number): number {
  let sum = KERNEL[RADIUS] * rows[at];
  for (let k = 1; k <= RADIUS; k++) sum += KERNEL[RADIUS + k] * (rows[at - k * width] + rows[at + k * width]);
  return sum;
}
