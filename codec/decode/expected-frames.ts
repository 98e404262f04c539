/** What a decoder may know about the frames that it decodes next. */
export interface ExpectedFrames {
  /** Number of frames, all of one group. */
  readonly count: number;
  /** Called several times per second if the frames take long. It may throw to end the decoding. */
  readonly check?: () => void;
}

/** Returns how many frames of a group are computed if `expected` ones are requested: these, or all if they are most. */
export const framesToCompute = (expected: number, frameCount: number): number =>
  2 * expected < frameCount ? expected : Math.max(expected, frameCount);
