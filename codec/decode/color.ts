import type { Viewport } from "./viewport.js";

/** Matrix of limited-range Y'CbCr output: BT.709 for HD video, BT.601 for y4m and raw output. */
export type YuvMatrix = "bt709" | "bt601";

/** Viewport and color matrix of 4:2:0 output. */
export interface YuvTarget {
  readonly viewport: Viewport;
  readonly matrix: YuvMatrix;
}

/** Output format of a decoder: `rgba` is full range, the others are limited-range 4:2:0. */
export type PixelFormat = YuvMatrix | "rgba";

/** Luma coefficients Kr and Kb (Rec. ITU-R BT.709-6, 3.2; BT.601-7, 2.5.1). */
const LUMA: Record<YuvMatrix, readonly [kr: number, kb: number]> = {
  bt709: [0.2126, 0.0722],
  bt601: [0.299, 0.114],
};

/** Returns the affine map from R'G'B' in [0, 1] to output samples in 0 .. 255: out[c] = rows[c] . rgb + offset[c]. */
export function outputTransform(format: PixelFormat): {
  rows: readonly (readonly number[])[];
  offset: readonly number[];
} {
  if (format === "rgba") {
    return {
      rows: [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
      ],
      offset: [0, 0, 0],
    };
  }
  const [kr, kb] = LUMA[format];
  const kg = 1 - kr - kb;
  const cbScale = 224 / (2 * (1 - kb));
  const crScale = 224 / (2 * (1 - kr));
  return {
    rows: [
      [219 * kr, 219 * kg, 219 * kb],
      [-cbScale * kr, -cbScale * kg, cbScale * (1 - kb)],
      [crScale * (1 - kr), -crScale * kg, -crScale * kb],
    ],
    offset: [16, 128, 128],
  };
}
