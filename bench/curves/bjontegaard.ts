// Bjontegaard deltas: G. Bjontegaard, "Calculation of average PSNR differences between RD-curves", ITU-T VCEG-M33, 2001.
// The curves are interpolated by monotone cubic Hermite splines (F. N. Fritsch, R. E. Carlson 1980; weights of F. N. Fritsch,
// J. Butland 1984), as in the later practice of JCT-VC, because polynomials of few points oscillate.

/** One encode of a clip. */
export interface RatePoint {
  /** Bits per pixel, above 0. */
  readonly bpp: number;
  /** PSNR, dB. */
  readonly psnr: number;
}

type Knot = readonly [x: number, y: number];

/** Number of intervals of the numerical integration. */
const INTERVALS = 256;

/**
 * Returns the mean difference of the rate at equal PSNR in percent; negative if `test` needs fewer bits. A curve of one point
 * is compared at that point.
 * @returns undefined if the curves have no PSNR in common
 */
export function bdRate(anchor: readonly RatePoint[], test: readonly RatePoint[]): number | undefined {
  const knots = (points: readonly RatePoint[]): Knot[] =>
    points.map(({ bpp, psnr }) => [psnr, Math.log(bpp)]);
  const difference = meanDifference(knots(anchor), knots(test));
  return difference === undefined ? undefined : 100 * (Math.exp(difference) - 1);
}

/**
 * Returns the mean difference of the PSNR at an equal rate in dB; positive if `test` is better. Points that another point of the
 * same curve beats in both rate and PSNR are left out, because they are not part of a curve over the rate.
 * @returns undefined if the curves have no rate in common
 */
export function bdPsnr(anchor: readonly RatePoint[], test: readonly RatePoint[]): number | undefined {
  const knots = (points: readonly RatePoint[]): Knot[] =>
    points
      .filter((point) => !points.some((other) => other.bpp <= point.bpp && other.psnr > point.psnr))
      .map(({ bpp, psnr }) => [Math.log(bpp), psnr]);
  return meanDifference(knots(anchor), knots(test));
}

function meanDifference(anchor: readonly Knot[], test: readonly Knot[]): number | undefined {
  const ends = [anchor, test].map((knots) => knots.map(([x]) => x));
  const low = Math.max(...ends.map((xs) => Math.min(...xs)));
  const high = Math.min(...ends.map((xs) => Math.max(...xs)));
  if (!(low <= high)) return undefined;
  const [anchorCurve, testCurve] = [anchor, test].map(interpolate);
  const difference = (x: number) => testCurve(x) - anchorCurve(x);
  let sum = (difference(low) + difference(high)) / 2;
  for (let i = 1; i < INTERVALS; i++) sum += difference(low + ((high - low) * i) / INTERVALS);
  return sum / INTERVALS;
}

/** Returns the spline through the knots, whose slopes are harmonic means so that it does not overshoot. */
function interpolate(unsorted: readonly Knot[]): (x: number) => number {
  const knots = [...unsorted].sort(([a], [b]) => a - b).filter(([x], i, all) => i === 0 || x > all[i - 1][0]);
  if (knots.length === 1) return () => knots[0][1];
  const widths = knots.slice(1).map(([x], i) => x - knots[i][0]);
  const secants = knots.slice(1).map(([, y], i) => (y - knots[i][1]) / widths[i]);
  const slopes = knots.map((_, i) => {
    if (i === 0) return secants[0];
    if (i === knots.length - 1) return secants[i - 1];
    if (secants[i - 1] * secants[i] <= 0) return 0;
    const [left, right] = [2 * widths[i] + widths[i - 1], widths[i] + 2 * widths[i - 1]];
    return (left + right) / (left / secants[i - 1] + right / secants[i]);
  });
  return (x) => {
    const next = knots.findIndex(([end], i) => i > 0 && x <= end);
    const i = (next === -1 ? knots.length - 1 : next) - 1;
    const [t, h] = [(x - knots[i][0]) / widths[i], widths[i]];
    const hermite = [(1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2, t ** 2 * (3 - 2 * t), t ** 2 * (t - 1)];
    return (
      hermite[0] * knots[i][1] +
      hermite[1] * h * slopes[i] +
      hermite[2] * knots[i + 1][1] +
      hermite[3] * h * slopes[i + 1]
    );
  };
}
