import type { Viewport } from "./viewport.js";

/*
 * Below the source's size one sample a pixel aliases: the networks hold detail up to the source's Nyquist
 * frequency. The samples are as few as keep within 0.3 dB of the mean of all source pixels (docs/decoding.md).
 */
export interface Sampling {
  /** Samples along each axis of an output pixel, on a grid; their mean is taken. */
  readonly factorX: number;
  readonly factorY: number;
  /** The whole grid is computed once at each of these offsets (in samples), and the mean taken. */
  readonly offsets: readonly (readonly [x: number, y: number])[];
  /** Width in source pixels over which the first layer is averaged, where samples lie further apart than source pixels. */
  readonly blurX: number;
  readonly blurY: number;
}

const ONE: Sampling["offsets"] = [[0, 0]];
const DIAGONAL: Sampling["offsets"] = [
  [-0.25, -0.25],
  [0.25, 0.25],
];
/** Three of the four source pixels of a pixel at half size, the odd two moved to the middle of two. */
const TRIANGLE: Sampling["offsets"] = [
  [-0.27, -0.27],
  [0, 0.27],
  [0.27, 0],
];

export function chooseSampling({ region, width, height }: Viewport): Sampling {
  const scaleX = region.width / width;
  const scaleY = region.height / height;
  const acrossX = Math.max(1, scaleX);
  const acrossY = Math.max(1, scaleY);
  const sourcePixels = acrossX * acrossY;
  // 3 of 4 at half size, 9 of 16 at a quarter, 25 of 64 at an eighth: the more are averaged, the fewer will do.
  const wanted = Math.min(Math.floor(sourcePixels + 1e-6), 3 * (sourcePixels / 4) ** 0.75);
  const oblong = Math.max(acrossX, acrossY) / Math.min(acrossX, acrossY);
  const offsets = oblong > 1.6 || wanted > 3 ? ONE : wanted > 2 ? TRIANGLE : wanted > 1 ? DIAGONAL : ONE;
  const [factorX, factorY] = offsets === ONE ? grid(wanted, acrossX, acrossY) : [1, 1];
  const passes = Math.sqrt(offsets.length);
  return {
    factorX,
    factorY,
    offsets,
    blurX: blur(scaleX / factorX / passes),
    blurY: blur(scaleY / factorY / passes),
  };
}

/** Samples computed for each output pixel. */
export const samplesPerPixel = ({ factorX, factorY, offsets }: Sampling): number =>
  factorX * factorY * offsets.length;

/** One sample a pixel whatever the size: quick, and below the source's size somewhat aliased. */
export function sampleOnce({ region, width, height }: Viewport): Sampling {
  const [blurX, blurY] = [blur(region.width / width), blur(region.height / height)];
  return { factorX: 1, factorY: 1, offsets: ONE, blurX, blurY };
}

/** The smallest grid of at least `wanted` samples, no finer than the source. */
function grid(wanted: number, acrossX: number, acrossY: number): [number, number] {
  const ideal = Math.sqrt((wanted * acrossX) / acrossY);
  const candidates = [Math.ceil(ideal), Math.floor(ideal)].map((columns): [number, number] => {
    const x = Math.max(1, Math.min(Math.ceil(acrossX), columns));
    return [x, Math.max(1, Math.min(Math.ceil(acrossY), Math.ceil(wanted / x - 1e-6)))];
  });
  const [a, b] = candidates;
  return b[0] * b[1] < 0.9 * a[0] * a[1] && b[0] * b[1] >= wanted - 1e-6 ? b : a;
}

/** distance: source pixels between samples. */
const blur = (distance: number): number => 0.9 * Math.sqrt(Math.max(0, distance * distance - 1));
