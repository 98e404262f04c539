/** Limits of the frame sizes that a server decodes, in output pixels (`limits` of info.json). */
export interface SizeLimits {
  /** Minimum width and height. */
  readonly minSide: number;
  /** Maximum width and height. */
  readonly maxSide: number;
  /** Maximum width * height. */
  readonly maxArea: number;
}

/** Default minimum width and height of a frame in pixels: one H.264 macroblock. */
export const MIN_OUTPUT_SIDE = 16;
