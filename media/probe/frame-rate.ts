import type { Rational } from "../../codec/asset/rational.js";

/** Rates above this are timebases in disguise (r_frame_rate of a variable-rate file is the lowest common one). */
const HIGHEST_RATE = 240;

/**
 * The constant rate to which a video is brought, from what ffprobe says: the lowest rate that has all its times,
 * and the average rate. Undefined where it says neither.
 */
export function constantRate(
  lowestRate: string | undefined,
  averageRate: string | undefined,
  interlaced: boolean,
): Rational | undefined {
  const lowest = parseFraction(lowestRate, "/");
  const average = parseFraction(averageRate, "/");
  // Where fields are coded apart, the lowest common rate is that of the fields.
  if (interlaced && lowest && average) {
    const fields = lowest.num / lowest.den / (average.num / average.den);
    if (Math.abs(fields - 2) < 0.02) return plainRate(average);
  }
  const sane = (rate: Rational | undefined) => rate && rate.num / rate.den <= HIGHEST_RATE;
  if (sane(lowest)) return lowest;
  if (average && sane(average)) return plainRate(average);
  return (lowest ?? average) && { num: HIGHEST_RATE, den: 1 };
}

const COMMON_RATES: readonly Rational[] = [
  { num: 24000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30000, den: 1001 },
  { num: 30, den: 1 },
  { num: 50, den: 1 },
  { num: 60000, den: 1001 },
  { num: 60, den: 1 },
];

/** An average is frames over ticks: the common rate within 0.03 %, else hundredths of a frame a second. */
function plainRate({ num, den }: Rational): Rational {
  const rate = num / den;
  const common = COMMON_RATES.find((known) => Math.abs(known.num / known.den / rate - 1) < 3e-4);
  return common ?? { num: Math.max(1, Math.round(rate * 100)), den: 100 };
}

/** A positive fraction in text, else undefined. */
export function parseFraction(text: string | undefined, separator: string): Rational | undefined {
  const [num = 0, den = 0] = (text ?? "").split(separator).map(Number);
  return num > 0 && den > 0 ? { num, den } : undefined;
}
