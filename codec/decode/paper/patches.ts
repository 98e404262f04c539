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
  if (rows.pixels !== undefined && columns.pixels !== undefined) {
    const interpolation = planInterpolation(grid, rows.pixels, columns.pixels);
    for (let plane = 0; plane < planes; plane++)
      addInterpolated(outputs, plane, interpolation, { sums, at: plane * stride + at, weight });
    return;
  }
  const points = rows.evaluations.length * columns.evaluations.length;
  for (let plane = 0; plane < planes; plane++) {
    const [from, to] = [plane * points, plane * stride + at];
    if (weight === 1) sums.set(outputs.subarray(from, from + points), to);
    else for (let i = 0; i < points; i++) sums[to + i] += weight * outputs[from + i];
  }
}

/** Where the source pixels of a grid are in the outputs of one channel of a frame. */
interface Interpolation {
  readonly patch: number;
  /** Patches of the grid. */
  readonly points: number;
  readonly rows: PixelTaps;
  /** Weights of the taps along x, and the offset of each pixel in its row of the outputs. */
  readonly columns: PixelTaps;
  /** Offset in the outputs of each row of source pixels that has a tap; undefined if it has none. */
  readonly rowOffsets: readonly (number | undefined)[];
}

/** The outputs are ordered by the pixel in its patch, then channel, then patch. */
function planInterpolation(grid: PatchGrid, rows: PixelTaps, columns: PixelTaps): Interpolation {
  const { patch } = grid;
  const patchColumns = grid.columns.evaluations.length;
  const points = grid.rows.evaluations.length * patchColumns;
  const columnOffset = (x: number) => (x % patch) * CHANNELS * points + Math.floor(x / patch);
  const rowOffset = (y: number) =>
    (y % patch) * patch * CHANNELS * points + Math.floor(y / patch) * patchColumns;
  const rowOffsets: (number | undefined)[] = Array.from({ length: grid.rows.evaluations.length * patch });
  rows.index.forEach((y, tap) => {
    if (rows.weight[tap] !== 0) rowOffsets[y] = rowOffset(y);
  });
  return {
    patch,
    points,
    rows,
    columns: { index: columns.index.map(columnOffset), weight: columns.weight },
    rowOffsets,
  };
}

/** Interpolates the samples of a plane between source pixels, along rows first, and adds them to `sums` from `at` on. */
function addInterpolated(
  outputs: Float32Array,
  plane: number,
  { patch, points, rows, columns, rowOffsets }: Interpolation,
  { sums, at, weight }: { readonly sums: Float32Array; readonly at: number; readonly weight: number },
): void {
  const sampleColumns = columns.index.length / TAPS;
  const first = (Math.floor(plane / CHANNELS) * patch ** 2 * CHANNELS + (plane % CHANNELS)) * points;
  const interpolated = new Float32Array(rowOffsets.length * sampleColumns);
  for (const [y, rowOffset] of rowOffsets.entries()) {
    if (rowOffset === undefined) continue;
    const from = first + rowOffset;
    for (let i = 0; i < sampleColumns; i++) {
      let sum = 0;
      for (let tap = TAPS * i; tap < TAPS * (i + 1); tap++)
        sum += columns.weight[tap] * outputs[from + columns.index[tap]];
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
