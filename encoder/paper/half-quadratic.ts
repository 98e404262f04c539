import { type BlockMatrix, type ScaledIntegers, ZERO_POINT_SCALE } from "../../codec/internal.js";

/** Exponent of the error norm. Below 1, a few large errors cost less than many small ones. */
const NORM_EXPONENT = 0.7;
/** Weight of the quadratic term, and its growth per iteration. */
const INITIAL_BETA = 10;
const BETA_GROWTH = 1.01;
const MAX_ITERATIONS = 20;
/** Maximum scale; the minimum is 1. */
const MAX_SCALE = 255;
/** Maximum absolute zero point, in levels. */
const MAX_ZERO_POINT = 2 ** 16;
/** Largest value of a signed 16-bit integer. */
const MAX_INT16 = 32767;

/** How a matrix is quantized. */
export interface BlockFormat {
  /** Bits per weight. */
  readonly bits: number;
  /** Weights per block. */
  readonly block: number;
}

/**
 * Quantizes a matrix [inputs, outputs] by half-quadratic quantization (H. Badri and A. Shaji 2023, "HQQ"). Blocks of
 * `block` consecutive inputs of an output share a scale and a zero point. The scale follows from the range of the block.
 * The zero point is found by alternating between the levels, a sparse error (generalized soft thresholding) and the zero
 * point that fits both.
 */
export function quantizeBlocks(values: Float32Array, outputs: number, format: BlockFormat): BlockMatrix {
  const inputs = values.length / outputs;
  const { bits, block } = format;
  const maxLevel = 2 ** bits - 1;
  const blocks = Math.ceil(inputs / block) * outputs;
  const firstInput = (b: number) => Math.floor(b / outputs) * block;
  const indexOf = (b: number, i: number) => (firstInput(b) + i) * outputs + (b % outputs);
  const weightsOf = (b: number): number[] => {
    const length = Math.min(block, inputs - firstInput(b));
    return Array.from({ length }, (_, i) => values[indexOf(b, i)]);
  };
  const steps = new Float64Array(blocks);
  for (let b = 0; b < blocks; b++) {
    const weights = weightsOf(b);
    const min = Math.min(...weights);
    steps[b] = Math.max((Math.max(...weights) - min) / maxLevel, Math.abs(min) / MAX_ZERO_POINT);
  }
  const maxStep = steps.reduce((max, step) => Math.max(max, step), 0);
  const unit = Math.fround(Math.max(1e-9, maxStep / MAX_SCALE));
  const scales = new Int32Array(blocks);
  const zeros = new Int32Array(blocks);
  const levels = new Int32Array(values.length);
  for (let b = 0; b < blocks; b++) {
    const scale = Math.max(1, Math.min(MAX_SCALE, Math.ceil(steps[b] / unit)));
    const scaled = weightsOf(b).map((weight) => weight / (unit * scale));
    const zero = Math.round(ZERO_POINT_SCALE * findZeroPoint(scaled, maxLevel));
    scales[b] = scale;
    zeros[b] = zero;
    scaled.forEach((weight, i) => {
      levels[indexOf(b, i)] = toLevel(weight, zero / ZERO_POINT_SCALE, maxLevel);
    });
  }
  return { ...format, inputs, outputs, unit, scales, zeros, levels };
}

const toLevel = (weight: number, zeroPoint: number, maxLevel: number): number =>
  Math.max(0, Math.min(maxLevel, Math.round(weight + zeroPoint)));

/** Returns the best zero point for weights that are divided by their scale, in levels. */
function findZeroPoint(weights: readonly number[], maxLevel: number): number {
  let zeroPoint = (maxLevel - Math.max(...weights) - Math.min(...weights)) / 2;
  let best = zeroPoint;
  let minError = Number.POSITIVE_INFINITY;
  for (let i = 0, beta = INITIAL_BETA; i < MAX_ITERATIONS; i++, beta *= BETA_GROWTH) {
    let error = 0;
    let sum = 0;
    for (const weight of weights) {
      const level = toLevel(weight, zeroPoint, maxLevel);
      const difference = weight - (level - zeroPoint);
      const magnitude = Math.abs(difference);
      error += magnitude ** NORM_EXPONENT;
      const threshold = magnitude ** (NORM_EXPONENT - 1) / beta;
      const sparse = magnitude === 0 ? 0 : Math.sign(difference) * Math.max(0, magnitude - threshold);
      sum += level - (weight - sparse);
    }
    if (error >= minError) break;
    minError = error;
    best = zeroPoint;
    zeroPoint = sum / weights.length;
  }
  return best;
}

/** Quantizes values to 16-bit integers with one common step. */
export function quantize16(values: Float32Array): ScaledIntegers {
  const max = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const step = Math.fround(Math.max(1e-9, max / MAX_INT16));
  return { step, integers: Int32Array.from(values, (value) => Math.round(value / step)) };
}
