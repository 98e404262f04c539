import { CHANNELS } from "../network/definition.js";

/*
 * Where samples are evaluated along one axis. A network of single pixels is a function of any position and is asked for
 * it. One of patches is trained at the centres of its patches alone and wild between them: it gives source pixels,
 * patch^2 an evaluation, and a sample is interpolated between them by cubic convolution.
 */
export interface SampleAxis {
  /** Where the network is evaluated, in source pixels. */
  readonly evaluations: Float64Array;
  /** What each sample is made of; undefined: sample i is evaluation i. */
  readonly pixels: PixelTaps | undefined;
}

/** Source pixels, counted from the first of the first patch, and their shares of each sample: TAPS a sample. */
interface PixelTaps {
  readonly index: Int32Array;
  readonly share: Float64Array;
}

const TAPS = 4;
/** A sample so near to a pixel's center is the pixel: no neighbor need be evaluated. */
const AT_CENTER = 1e-6;

/** `samples`: rising positions in source pixels, of which the picture has `side`. */
export function sampleAxis(samples: Float64Array, patch: number, side: number): SampleAxis {
  if (patch === 1) return { evaluations: samples, pixels: undefined };
  const index = new Int32Array(TAPS * samples.length);
  const share = new Float64Array(TAPS * samples.length);
  const clamped = (pixel: number): number => Math.max(0, Math.min(side - 1, pixel));
  samples.forEach((sample, i) => {
    const left = Math.floor(sample - 0.5 + AT_CENTER);
    const between = sample - 0.5 - left;
    const shares = between < 2 * AT_CENTER ? [0, 1, 0, 0] : cubic(between);
    shares.forEach((value, tap) => {
      index[TAPS * i + tap] = clamped(value === 0 ? left : left - 1 + tap);
      share[TAPS * i + tap] = value;
    });
  });
  const first = Math.floor(index.reduce((min, at) => Math.min(min, at), side) / patch);
  const last = Math.floor(index.reduce((max, at) => Math.max(max, at), 0) / patch);
  const evaluations = Float64Array.from({ length: last - first + 1 }, (_, i) => (first + i + 0.5) * patch);
  return { evaluations, pixels: { index: index.map((at) => at - first * patch), share } };
}

/** Shares of the pixels before, left, right and after at `t` between left and right (R. Keys 1981, a = -1/2). */
const cubic = (t: number): number[] => [
  ((2 - t) * t - 1) * t * 0.5,
  (3 * t - 5) * t * t * 0.5 + 1,
  ((4 - 3 * t) * t + 1) * t * 0.5,
  (t - 1) * t * t * 0.5,
];

/** Coordinates of all evaluations in -1 .. 1 over the picture, row by row: [2, rows x columns]. */
export function coordinates(
  frame: { readonly width: number; readonly height: number },
  rows: SampleAxis,
  columns: SampleAxis,
): Float32Array {
  const across = columns.evaluations.length;
  const down = rows.evaluations.length;
  const out = new Float32Array(2 * down * across);
  rows.evaluations.forEach((y, row) => {
    out.fill((2 * y) / frame.height - 1, (down + row) * across, (down + row + 1) * across);
  });
  columns.evaluations.forEach((x, column) => {
    out[column] = (2 * x) / frame.width - 1;
  });
  for (let row = 1; row < down; row++) out.copyWithin(row * across, 0, across);
  return out;
}

/** Sums of samples [frames x 3, samples], of which those from `at` on are meant. */
export interface SampleSums {
  readonly sums: Float32Array;
  readonly at: number;
  readonly frames: number;
}

/** Adds `share` of what evaluations gave as [frames x patch^2 x 3, rows x columns]. */
export function addSamples(
  { sums, at, frames }: SampleSums,
  outputs: Float32Array,
  share: number,
  patch: number,
  rows: SampleAxis,
  columns: SampleAxis,
): void {
  const planes = frames * CHANNELS;
  const stride = sums.length / planes;
  const points = rows.evaluations.length * columns.evaluations.length;
  for (let plane = 0; plane < planes; plane++) {
    const to = plane * stride + at;
    if (rows.pixels !== undefined && columns.pixels !== undefined) {
      const raster = sourcePixels(outputs, plane, patch, rows.evaluations.length, columns.evaluations.length);
      interpolate(raster, columns.evaluations.length * patch, rows.pixels, columns.pixels, share, sums, to);
      continue;
    }
    const from = plane * points;
    if (share === 1) sums.set(outputs.subarray(from, from + points), to);
    else for (let i = 0; i < points; i++) sums[to + i] += share * outputs[from + i];
  }
}

/** One channel of a frame as [down x patch, across x patch]. */
function sourcePixels(
  outputs: Float32Array,
  plane: number,
  patch: number,
  down: number,
  across: number,
): Float32Array {
  const points = down * across;
  const raster = new Float32Array(points * patch ** 2);
  const first = Math.floor(plane / CHANNELS) * patch ** 2 * CHANNELS + (plane % CHANNELS);
  for (let pixel = 0; pixel < patch ** 2; pixel++) {
    const from = (first + pixel * CHANNELS) * points;
    const [row, column] = [Math.floor(pixel / patch), pixel % patch];
    for (let y = 0; y < down; y++) {
      const line = (y * patch + row) * across * patch + column;
      for (let x = 0; x < across; x++) raster[line + x * patch] = outputs[from + y * across + x];
    }
  }
  return raster;
}

/** Adds `share` of the samples between the pixels of `raster` to `sums` from `to` on: along rows, then down. */
function interpolate(
  raster: Float32Array,
  width: number,
  rows: PixelTaps,
  columns: PixelTaps,
  share: number,
  sums: Float32Array,
  to: number,
): void {
  const across = columns.index.length / TAPS;
  const lines = raster.length / width;
  const wide = new Float32Array(lines * across);
  for (let y = 0; y < lines; y++) {
    for (let i = 0; i < across; i++) {
      let sum = 0;
      for (let tap = TAPS * i; tap < TAPS * (i + 1); tap++)
        sum += columns.share[tap] * raster[y * width + columns.index[tap]];
      wide[y * across + i] = sum;
    }
  }
  for (let tap = 0; tap < rows.index.length; tap++) {
    const weight = share * rows.share[tap];
    if (weight === 0) continue;
    const from = rows.index[tap] * across;
    const line = to + Math.floor(tap / TAPS) * across;
    for (let i = 0; i < across; i++) sums[line + i] += weight * wide[from + i];
  }
}
