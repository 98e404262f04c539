/** Limited-range Y'CbCr: of HD video (BT.709) or of y4m and raw output (BT.601). */
export type YuvMatrix = "bt709" | "bt601";

/** What the kernel writes. */
export type PixelFormat = YuvMatrix | "rgba";

/** Luma coefficients Kr and Kb (Rec. ITU-R BT.709-6, 3.2; BT.601-7, 2.5.1). */
const LUMA: Record<YuvMatrix, readonly [kr: number, kb: number]> = {
  bt709: [0.2126, 0.0722],
  bt601: [0.299, 0.114],
};

/**
 * The affine map from R'G'B' in [0, 1] to the kernel's output scale (0 .. 255):
 * out[c] = rows[c] . rgb + offset[c].
 */
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
  const blue = 224 / (2 * (1 - kb));
  const red = 224 / (2 * (1 - kr));
  return {
    rows: [
      [219 * kr, 219 * kg, 219 * kb],
      [-blue * kr, -blue * kg, blue * (1 - kb)],
      [red * (1 - kr), -red * kg, -red * kb],
    ],
    offset: [16, 128, 128],
  };
}
