/** A positive fraction, such as a frame rate in frames per second. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

/** Returns the time in seconds at which frame `frame` begins. */
export const frameSeconds = (frame: number, rate: Rational): number => (frame * rate.den) / rate.num;

/** Returns the largest integer that divides two integers, which must not be negative. */
export const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

/** Returns the value of a fraction as a number. */
export const toNumber = ({ num, den }: Rational): number => num / den;
