import type { Viewport } from "./viewport.js";

/**
 * How an output pixel is sampled. Below the source size, one sample per pixel aliases, because the networks hold
 * detail up to the Nyquist frequency of the source. A pixel is therefore the mean of several samples: the fewest
 * that stay within 0.3 dB of the mean of all source pixels.
 */
export interface Sampling {
  /** Samples along x per output pixel, on a regular grid. */
  readonly factorX: number;
  /** Samples along y per output pixel, on a regular grid. */
  readonly factorY: number;
  /** The grid is computed once at each of these offsets (in samples), and averaged. */
  readonly offsets: readonly (readonly [x: number, y: number])[];
  /** Width in source pixels of the box over which the first layer is averaged, if samples are farther apart than source pixels. */
  readonly blurX: number;
  /** As `blurX`, along y. */
  readonly blurY: number;
}

const SINGLE: Sampling["offsets"] = [[0, 0]];
const DIAGONAL: Sampling["offsets"] = [
  [-0.25, -0.25],
  [0.25, 0.25],
];
/** Three samples for the four source pixels of an output pixel at half size. */
const TRIANGLE: Sampling["offsets"] = [
  [-0.27, -0.27],
  [0, 0.27],
  [0.27, 0],
];

/** Chooses the sampling of a viewport. */
export function chooseSampling({ region, width, height }: Viewport): Sampling {
  const scaleX = region.width / width;
  const scaleY = region.height / height;
  // Source pixels per output pixel, at least 1.
  const pixelsX = Math.max(1, scaleX);
  const pixelsY = Math.max(1, scaleY);
  const sourcePixels = pixelsX * pixelsY;
  // 3 of 4 at half size, 9 of 16 at a quarter, 25 of 64 at an eighth: larger means need a smaller fraction.
  const target = Math.min(Math.floor(sourcePixels + 1e-6), 3 * (sourcePixels / 4) ** 0.75);
  const anisotropy = Math.max(pixelsX, pixelsY) / Math.min(pixelsX, pixelsY);
  const offsets = anisotropy > 1.6 ? SINGLE : offsetsFor(target);
  const [factorX, factorY] = offsets === SINGLE ? chooseGrid(target, pixelsX, pixelsY) : [1, 1];
  const gridsPerAxis = Math.sqrt(offsets.length);
  return {
    factorX,
    factorY,
    offsets,
    blurX: blur(scaleX / factorX / gridsPerAxis),
    blurY: blur(scaleY / factorY / gridsPerAxis),
  };
}

/** Returns the offsets for up to three samples per pixel; one offset if a finer grid is needed. */
function offsetsFor(target: number): Sampling["offsets"] {
  if (target > 3 || target <= 1) return SINGLE;
  return target > 2 ? TRIANGLE : DIAGONAL;
}

/** Returns the number of samples per output pixel. */
export const samplesPerPixel = ({ factorX, factorY, offsets }: Sampling): number =>
  factorX * factorY * offsets.length;

/** Returns a sampling with one sample per pixel at any size: fast, but slightly aliased below the source size. */
export function sampleOnce({ region, width, height }: Viewport): Sampling {
  const [blurX, blurY] = [blur(region.width / width), blur(region.height / height)];
  return { factorX: 1, factorY: 1, offsets: SINGLE, blurX, blurY };
}

/** Returns the smallest grid of at least `target` samples per pixel that is no finer than the source. */
function chooseGrid(target: number, pixelsX: number, pixelsY: number): [number, number] {
  const idealColumns = Math.sqrt((target * pixelsX) / pixelsY);
  const [larger, smaller] = [Math.ceil(idealColumns), Math.floor(idealColumns)].map(
    (columns): [number, number] => {
      const x = Math.max(1, Math.min(Math.ceil(pixelsX), columns));
      return [x, Math.max(1, Math.min(Math.ceil(pixelsY), Math.ceil(target / x - 1e-6)))];
    },
  );
  const samples = smaller[0] * smaller[1];
  return samples < 0.9 * larger[0] * larger[1] && samples >= target - 1e-6 ? smaller : larger;
}

/** Returns the width of the box filter in source pixels. `distance` is the number of source pixels between samples. */
const blur = (distance: number): number => 0.9 * Math.sqrt(Math.max(0, distance * distance - 1));
