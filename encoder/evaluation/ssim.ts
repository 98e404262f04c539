/** Constants of SSIM for 8-bit values: (0.01 x 255)^2 and (0.03 x 255)^2. */
const C1 = 6.5025;
const C2 = 58.5225;
/** The published window: an 11 x 11 Gaussian of deviation 1.5. */
const RADIUS = 5;
const SIGMA = 1.5;
const KERNEL = gaussian();

function gaussian(): Float32Array {
  const weights = Float32Array.from({ length: 2 * RADIUS + 1 }, (_, i) =>
    Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/**
 * Structural similarity of pictures of one size (Z. Wang et al. 2004): the mean over all windows that lie
 * in the picture, on BT.601 luma. Keeps its buffers between frames.
 */
export class Ssim {
  readonly #width: number;
  readonly #height: number;
  /** Luma a and b, their squares and their product; then each filtered along rows. */
  readonly #maps: Float32Array[];
  readonly #rows: Float32Array[];

  /** Sides in pixels. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#maps = Array.from({ length: 5 }, () => new Float32Array(width * height));
    this.#rows = Array.from({ length: 5 }, () => new Float32Array(width * height));
  }

  /** decoded: RGBA, reference: packed R'G'B', 8 bits. -> from -1 to 1; 1 is identical. */
  frame(decoded: Uint8Array, reference: Uint8Array): number {
    this.#fill(decoded, reference);
    this.#filterRows();
    return this.#mean();
  }

  #fill(decoded: Uint8Array, reference: Uint8Array): void {
    const [a, b, aa, bb, ab] = this.#maps;
    for (let i = 0; i < a.length; i++) {
      const x = 0.299 * decoded[4 * i] + 0.587 * decoded[4 * i + 1] + 0.114 * decoded[4 * i + 2];
      const y = 0.299 * reference[3 * i] + 0.587 * reference[3 * i + 1] + 0.114 * reference[3 * i + 2];
      a[i] = x;
      b[i] = y;
      aa[i] = x * x;
      bb[i] = y * y;
      ab[i] = x * y;
    }
  }

  #filterRows(): void {
    const width = this.#width;
    const end = width - RADIUS;
    this.#maps.forEach((map, m) => {
      const out = this.#rows[m];
      for (let y = 0; y < this.#height; y++) {
        for (let x = RADIUS; x < end; x++) {
          const at = y * width + x;
          let sum = KERNEL[RADIUS] * map[at];
          for (let k = 1; k <= RADIUS; k++) sum += KERNEL[RADIUS + k] * (map[at - k] + map[at + k]);
          out[at] = sum;
        }
      }
    });
  }

  #mean(): number {
    const width = this.#width;
    const sums = new Float64Array(5);
    let total = 0;
    for (let y = RADIUS; y < this.#height - RADIUS; y++) {
      for (let x = RADIUS; x < width - RADIUS; x++) {
        const at = y * width + x;
        for (let m = 0; m < 5; m++) {
          const row = this.#rows[m];
          let sum = KERNEL[RADIUS] * row[at];
          for (let k = 1; k <= RADIUS; k++)
            sum += KERNEL[RADIUS + k] * (row[at - k * width] + row[at + k * width]);
          sums[m] = sum;
        }
        const [a, b, aa, bb, ab] = sums;
        const covariance = ab - a * b;
        const variances = aa - a * a + (bb - b * b);
        total += ((2 * a * b + C1) * (2 * covariance + C2)) / ((a * a + b * b + C1) * (variances + C2));
      }
    }
    return total / ((width - 2 * RADIUS) * (this.#height - 2 * RADIUS));
  }
}
