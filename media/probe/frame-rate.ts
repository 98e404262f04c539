import type { Rational } from "../../codec/asset/rational.js";
import type { ProbedStream } from "./run-ffprobe.js";
import { isInterlaced } from "./stream-properties.js";

/** Maximum plausible frame rate. A higher r_frame_rate is the timebase of a file with a variable frame rate. */
export const MAX_FRAME_RATE = 240;

/**
 * Returns the rates that a stream declares, the most probable one first.
 *
 * ffprobe's r_frame_rate is the lowest rate at which all timestamps are exact, and avg_frame_rate the mean.
 */
export function declaredRates(stream: ProbedStream): Rational[] {
  const lowest = parseFraction(stream.r_frame_rate, "/");
  const average = parseFraction(stream.avg_frame_rate, "/");
  // Some files declare 7001/292 instead of 24000/1001.
  const rounded = lowest && nearestCommonRate(lowest, 3e-5);
  const rates = [rounded, lowest, average && commonRate(average), average].filter(
    (rate) => rate !== undefined,
  );
  // If fields are coded separately, the lowest rate is the field rate.
  const fields = lowest && average ? lowest.num / lowest.den / (average.num / average.den) : 1;
  const isFieldRate = isInterlaced(stream.field_order) && Math.abs(fields - 2) < 0.02;
  return isFieldRate ? rates.filter((rate) => rate !== rounded && rate !== lowest) : rates;
}

/** Returns the constant rate of a video whose packets have no times; undefined if it declares none. */
export function constantRate(declared: readonly Rational[]): Rational | undefined {
  const plausible = declared.find(({ num, den }) => num / den <= MAX_FRAME_RATE);
  return plausible ?? (declared.length > 0 ? { num: MAX_FRAME_RATE, den: 1 } : undefined);
}

export const COMMON_RATES: readonly Rational[] = [
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
];

/** Returns the common rate within 0.03% of an average rate, else the average rounded to 0.01 frames per second. */
function commonRate({ num, den }: Rational): Rational {
  const common = nearestCommonRate({ num, den }, 3e-4);
  return common ?? { num: Math.max(1, Math.round((num * 100) / den)), den: 100 };
}

/** Returns the common rate that differs by less than `tolerance`, relatively. */
const nearestCommonRate = ({ num, den }: Rational, tolerance: number): Rational | undefined =>
  COMMON_RATES.find((rate) => Math.abs((rate.num * den) / (rate.den * num) - 1) < tolerance);

/** Parses a positive fraction; undefined for anything else. */
export function parseFraction(text: string | undefined, separator: string): Rational | undefined {
  const [num = 0, den = 0] = (text ?? "").split(separator).map(Number);
  return num > 0 && den > 0 ? { num, den } : undefined;
}

/** Returns the fraction with the smallest denominator from `min` to `max`, both > 0 (Stern-Brocot tree). */
export function simplestFraction(min: number, max: number): Rational {
  const whole = Math.ceil(min);
  if (whole <= max) return { num: Math.max(1, whole), den: 1 };
  const floor = Math.floor(min);
  const { num, den } = simplestFraction(1 / (max - floor), 1 / (min - floor));
  return { num: floor * num + den, den: num };
}
