/** Frames a second as a fraction: num / den. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

/** Seconds at which frame `frame` begins. */
export const frameSeconds = (frame: number, rate: Rational): number => (frame * rate.den) / rate.num;
