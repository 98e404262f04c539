import type { Rational } from "../../codec/asset/rational.js";

/** Maximum plausible frame rate. A higher r_frame_rate is the timebase of a file with a variable frame rate. */
const MAX_FRAME_RATE = 240;

/**
 * Returns the constant rate to which a video is converted; undefined if ffprobe reports neither rate.
 * @param lowestRate ffprobe's r_frame_rate: the lowest rate at which all timestamps are exact
 * @param averageRate ffprobe's avg_frame_rate
 */
export function constantRate(
  lowestRate: string | undefined,
  averageRate: string | undefined,
  interlaced: boolean,
): Rational | undefined {
  const lowest = parseFraction(lowestRate, "/");
  const average = parseFraction(averageRate, "/");
  // If fields are coded separately, the lowest rate is the field rate.
  if (interlaced && lowest && average) {
    const fields = lowest.num / lowest.den / (average.num / average.den);
    if (Math.abs(fields - 2) < 0.02) return commonRate(average);
  }
  const isPlausible = (rate: Rational | undefined) => rate && rate.num / rate.den <= MAX_FRAME_RATE;
  if (isPlausible(lowest)) return lowest;
  if (average && isPlausible(average)) return commonRate(average);
  return (lowest ?? average) && { num: MAX_FRAME_RATE, den: 1 };
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

/** Returns the common rate within 0.03% of an average rate, else the average rounded to 0.01 frames per second. */
function commonRate({ num, den }: Rational): Rational {
  const rate = num / den;
  const common = COMMON_RATES.find((candidate) => Math.abs(candidate.num / candidate.den / rate - 1) < 3e-4);
  return common ?? { num: Math.max(1, Math.round(rate * 100)), den: 100 };
}

/** Parses a positive fraction; undefined for anything else. */
export function parseFraction(text: string | undefined, separator: string): Rational | undefined {
  const [num = 0, den = 0] = (text ?? "").split(separator).map(Number);
  return num > 0 && den > 0 ? { num, den } : undefined;
}
