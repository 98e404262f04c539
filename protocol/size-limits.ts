/** Bounds of the sizes that a server computes, in output pixels (`limits` of info.json). */
export interface SizeLimits {
  readonly minSide: number;
  readonly maxSide: number;
  /** Maximum of width times height. */
  readonly maxArea: number;
}

/** The smallest side of a size, in pixels: one H.264 macroblock. */
export const MIN_SIDE = 16;
