import { CHANNELS } from "../../network/definition.js";

/**
 * How samples along one axis are evaluated. A network with patch size 1 is a function of any position, so every
 * sample is an evaluation. A network with larger patches is trained only at the centers of its patches and is
 * erratic between them. It is therefore evaluated only at the centers. Each evaluation yields patch^2 source pixels,
 * and samples are interpolated between source pixels by cubic convolution.
 */
export interface SampleAxis {
  /** Positions of the evaluations, in source pixels. */
  readonly evaluations: Float64Array;
  /** Interpolation of the samples; undefined if sample i is evaluation i. */
  readonly pixels: PixelTaps | undefined;
}

/** Filter taps, TAPS per sample. */
interface PixelTaps {
  /** Index of the source pixel, relative to the first pixel of the first patch. */
  readonly index: Int32Array;
  /** Weight of the source pixel in the sample. */
  readonly weight: Float64Array;
}

const TAPS = 4;
/** A sample this close to the center of a pixel equals the pixel, so that its neighbors need no evaluation. */
const CENTER_TOLERANCE = 1e-6;

/**
 * Plans the evaluation of samples along one axis.
 * @param samples ascending positions in source pixels
 * @param length width or height of the frame in source pixels
 */
export function sampleAxis(samples: Float64Array, patch: number, length: number): SampleAxis {
  if (patch === 1) return { evaluations: samples, pixels: undefined };
  const index = new Int32Array(TAPS * samples.length);
  const weight = new Float64Array(TAPS * samples.length);
  const clampToFrame = (pixel: number): number => Math.max(0, Math.min(length - 1, pixel));
  samples.forEach((sample, i) => {
    const left = Math.floor(sample - 0.5 + CENTER_TOLERANCE);
    const fraction = sample - 0.5 - left;
    const weights = fraction < 2 * CENTER_TOLERANCE ? [0, 1, 0, 0] : cubicWeights(fraction);
    weights.forEach((value, tap) => {
      index[TAPS * i + tap] = clampToFrame(value === 0 ? left : left - 1 + tap);
      weight[TAPS * i + tap] = value;
    });
  });
  const first = Math.floor(index.reduce((min, at) => Math.min(min, at), length) / patch);
  const last = Math.floor(index.reduce((max, at) => Math.max(max, at), 0) / patch);
  const evaluations = Float64Array.from({ length: last - first + 1 }, (_, i) => (first + i + 0.5) * patch);
  return { evaluations, pixels: { index: index.map((at) => at - first * patch), weight } };
}

/**
 * Returns the weights of four consecutive pixels for a sample at `t` (0 to 1) between the middle two: cubic
 * convolution (R. Keys 1981) with a = -1/2.
 */
const cubicWeights = (t: number): number[] => [
  ((2 - t) * t - 1) * t * 0.5,
  (3 * t - 5) * t * t * 0.5 + 1,
  ((4 - 3 * t) * t + 1) * t * 0.5,
  (t - 1) * t * t * 0.5,
];

/** Returns the coordinates of all evaluations, -1 .. 1 over the frame, in row-major order: [2, rows x columns]. */
export function coordinates(
  frame: { readonly width: number; readonly height: number },
  { rows, columns }: PatchGrid,
): Float32Array {
  const columnCount = columns.evaluations.length;
  const rowCount = rows.evaluations.length;
  const out = new Float32Array(2 * rowCount * columnCount);
  rows.evaluations.forEach((y, row) => {
    out.fill((2 * y) / frame.height - 1, (rowCount + row) * columnCount, (rowCount + row + 1) * columnCount);
  });
  columns.evaluations.forEach((x, column) => {
    out[column] = (2 * x) / frame.width - 1;
  });
  for (let row = 1; row < rowCount; row++) out.copyWithin(row * columnCount, 0, columnCount);
  return out;
}

/** The evaluations of one grid of samples. */
export interface PatchGrid {
  /** Side of a patch in source pixels. */
  readonly patch: number;
  readonly rows: SampleAxis;
  readonly columns: SampleAxis;
}

/** The part of the sums [frames x 3, samples] to which a grid is added. */
export interface SampleSums {
  readonly sums: Float32Array;
  /** Index of the first sample of the grid in every plane. */
  readonly at: number;
  readonly frames: number;
  /** Weight of the grid in the sums. */
  readonly weight: number;
}

/** Adds the outputs of a grid, [frames x patch^2 x 3, rows x columns], to the sums. */
export function addSamples(
  { sums, at, frames, weight }: SampleSums,
  outputs: Float32Array,
  grid: PatchGrid,
): void {
  const { rows, columns } = grid;
  const planes = frames * CHANNELS;
  const stride = sums.length / planes;
  const points = rows.evaluations.length * columns.evaluations.length;
  for (let plane = 0; plane < planes; plane++) {
    const to = plane * stride + at;
    if (rows.pixels !== undefined && columns.pixels !== undefined) {
      const taps = { rows: rows.pixels, columns: columns.pixels };
      addInterpolated(toRaster(outputs, plane, grid), taps, { sums, at: to, weight });
      continue;
    }
    const from = plane * points;
    if (weight === 1) sums.set(outputs.subarray(from, from + points), to);
    else for (let i = 0; i < points; i++) sums[to + i] += weight * outputs[from + i];
  }
}

/** Source pixels of one channel of a frame, in row-major order. */
interface Raster {
  readonly values: Float32Array;
  readonly width: number;
}

/** Rearranges one channel of a frame from patches to rows of source pixels. */
function toRaster(outputs: Float32Array, plane: number, { patch, rows, columns }: PatchGrid): Raster {
  const patchRows = rows.evaluations.length;
  const patchColumns = columns.evaluations.length;
  const points = patchRows * patchColumns;
  const width = patchColumns * patch;
  const values = new Float32Array(points * patch ** 2);
  const first = Math.floor(plane / CHANNELS) * patch ** 2 * CHANNELS + (plane % CHANNELS);
  for (let pixel = 0; pixel < patch ** 2; pixel++) {
    const from = (first + pixel * CHANNELS) * points;
    const [row, column] = [Math.floor(pixel / patch), pixel % patch];
    for (let y = 0; y < patchRows; y++) {
      const to = (y * patch + row) * width + column;
      for (let x = 0; x < patchColumns; x++) values[to + x * patch] = outputs[from + y * patchColumns + x];
    }
  }
  return { values, width };
}

/** Interpolates samples between source pixels, along rows first, and adds them to `sums` from `at` on. */
function addInterpolated(
  { values, width }: Raster,
  { rows, columns }: { readonly rows: PixelTaps; readonly columns: PixelTaps },
  { sums, at, weight }: { readonly sums: Float32Array; readonly at: number; readonly weight: number },
): void {
  const sampleColumns = columns.index.length / TAPS;
  const height = values.length / width;
  const interpolated = new Float32Array(height * sampleColumns);
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < sampleColumns; i++) {
      let sum = 0;
      for (let tap = TAPS * i; tap < TAPS * (i + 1); tap++)
        sum += columns.weight[tap] * values[y * width + columns.index[tap]];
      interpolated[y * sampleColumns + i] = sum;
    }
  }
  for (let tap = 0; tap < rows.index.length; tap++) {
    const tapWeight = weight * rows.weight[tap];
    if (tapWeight === 0) continue;
    const from = rows.index[tap] * sampleColumns;
    const to = at + Math.floor(tap / TAPS) * sampleColumns;
    for (let i = 0; i < sampleColumns; i++) sums[to + i] += tapWeight * interpolated[from + i];
  }
}
