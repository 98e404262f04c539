import { type BlockMatrix, type ScaledIntegers, ZERO_POINT_SCALE } from "../../codec/internal.js";

/** Exponent of the error's norm: below 1, so that few large errors are preferred to many small ones. */
const NORM = 0.7;
/** Weight of the quadratic term and its growth an iteration. */
const BETA = 10;
const KAPPA = 1.01;
const ITERATIONS = 20;
const SCALES = 255;
/** Zero points stay within so many levels of 0. */
const FARTHEST_ZERO = 2 ** 16;

/** Levels a weight and weights a block. */
export interface BlockFormat {
  readonly bits: number;
  readonly block: number;
}

/**
 * Half-quadratic quantization (H. Badri and A. Shaji 2023, "HQQ"): blocks of `block` consecutive inputs of an
 * output share a scale, from their range, and a zero point, which is found by alternating between the levels,
 * a sparse error (generalised soft thresholding) and the zero point that fits both. values: [inputs, outputs].
 */
export function quantizeBlocks(values: Float32Array, outputs: number, format: BlockFormat): BlockMatrix {
  const inputs = values.length / outputs;
  const { bits, block } = format;
  const top = 2 ** bits - 1;
  const blocks = Math.ceil(inputs / block) * outputs;
  const steps = new Float64Array(blocks);
  const of = (b: number): number[] => {
    const first = Math.floor(b / outputs) * block;
    const length = Math.min(block, inputs - first);
    return Array.from({ length }, (_, i) => values[(first + i) * outputs + (b % outputs)]);
  };
  for (let b = 0; b < blocks; b++) {
    const weights = of(b);
    const low = Math.min(...weights);
    steps[b] = Math.max((Math.max(...weights) - low) / top, Math.abs(low) / FARTHEST_ZERO);
  }
  const unit = Math.fround(Math.max(1e-9, steps.reduce((max, step) => Math.max(max, step), 0) / SCALES));
  const matrix = {
    ...format,
    inputs,
    outputs,
    unit,
    scales: new Int32Array(blocks),
    zeros: new Int32Array(blocks),
    levels: new Int32Array(values.length),
  };
  for (let b = 0; b < blocks; b++) {
    const weights = of(b);
    const scale = Math.max(1, Math.min(SCALES, Math.ceil(steps[b] / unit)));
    const scaled = weights.map((weight) => weight / (unit * scale));
    const zero = Math.round(ZERO_POINT_SCALE * zeroPoint(scaled, top));
    matrix.scales[b] = scale;
    matrix.zeros[b] = zero;
    const first = Math.floor(b / outputs) * block;
    scaled.forEach((weight, i) => {
      matrix.levels[(first + i) * outputs + (b % outputs)] = level(weight, zero / ZERO_POINT_SCALE, top);
    });
  }
  return matrix;
}

const level = (weight: number, zero: number, top: number): number =>
  Math.max(0, Math.min(top, Math.round(weight + zero)));

/** The zero point for weights in units of a level. */
function zeroPoint(weights: readonly number[], top: number): number {
  let zero = (top - Math.max(...weights) - Math.min(...weights)) / 2;
  let best = zero;
  let min = Number.POSITIVE_INFINITY;
  for (let i = 0, beta = BETA; i < ITERATIONS; i++, beta *= KAPPA) {
    let error = 0;
    let sum = 0;
    for (const weight of weights) {
      const q = level(weight, zero, top);
      const miss = weight - (q - zero);
      const size = Math.abs(miss);
      error += size ** NORM;
      const sparse = size === 0 ? 0 : Math.sign(miss) * Math.max(0, size - size ** (NORM - 1) / beta);
      sum += q - (weight - sparse);
    }
    if (error >= min) break;
    min = error;
    best = zero;
    zero = sum / weights.length;
  }
  return best;
}

/** Numbers of 16 bits with one step. */
export function quantize16(values: Float32Array): ScaledIntegers {
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const step = Math.fround(Math.max(1e-9, largest / 32767));
  return { step, integers: Int32Array.from(values, (value) => Math.round(value / step)) };
}
