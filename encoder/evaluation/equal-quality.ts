/** A point of a codec's rate-distortion curve: one encode of the compared frames. */
export interface RateDistortionPoint {
  /** Constant rate factor (CRF) of the encode; higher values mean fewer bytes. */
  readonly rateFactor: number;
  /** Size of the file in bytes, without audio. */
  readonly bytes: number;
  /** Mean over the frames of the PSNR over 8-bit R'G'B' samples, dB (`framePsnr`). */
  readonly psnr: number;
}

/** The bytes that a codec needs for a given PSNR. */
export interface EqualQuality {
  /** Size in bytes at that PSNR, interpolated; undefined if no rate factor of the range reaches it. */
  readonly bytesAtEqualPsnr: number | undefined;
  /** Rate factor at that PSNR, interpolated; undefined in the same case. */
  readonly rateFactor: number | undefined;
  /** All measured points by ascending rate factor, which is descending quality. */
  readonly points: readonly RateDistortionPoint[];
}

/** Approximate decrease of the PSNR per rate factor in dB. Only the first guesses depend on it. */
const PSNR_PER_RATE_FACTOR = 0.55;
/** Maximum distance of two points for interpolation, in rate factors. */
const MAX_INTERPOLATION_GAP = 2;

/**
 * Finds the size at which a codec reaches a PSNR. Narrows down the rate factor until two integer rate factors at most 2
 * apart enclose the target, then interpolates the logarithm of the bytes linearly over the PSNR.
 *
 * @param measure encodes at an integer rate factor and measures size and PSNR
 * @param range rate factors of the codec, from the best to the worst quality
 * @param target PSNR to reach, dB
 * @param curveOffsets distances of more points to measure for a curve, in rate factors from the match, or from the nearest
 *   measured point if there is no match; default none
 * @throws what `measure` throws
 */
export async function findEqualQuality(
  measure: (rateFactor: number) => Promise<RateDistortionPoint>,
  range: { readonly best: number; readonly worst: number },
  target: number,
  curveOffsets: readonly number[] = [],
): Promise<EqualQuality> {
  const measured = new Map<number, RateDistortionPoint>();
  const measureOnce = async (rateFactor: number): Promise<RateDistortionPoint> => {
    const point = measured.get(rateFactor) ?? (await measure(rateFactor));
    measured.set(rateFactor, point);
    return point;
  };
  let better: RateDistortionPoint | undefined;
  let worse: RateDistortionPoint | undefined;
  let previous: RateDistortionPoint | undefined;
  for (let next = Math.round((range.best + range.worst) / 2); ; ) {
    const point = await measureOnce(next);
    if (point.psnr >= target) better = point;
    else worse = point;
    const low = better?.rateFactor ?? range.best - 1;
    const high = worse?.rateFactor ?? range.worst + 1;
    const outOfReach = high <= range.best || low >= range.worst;
    if (outOfReach || (better !== undefined && worse !== undefined && high - low <= MAX_INTERPOLATION_GAP))
      break;
    const estimate =
      better && worse
        ? interpolateInside(better, worse, target)
        : point.rateFactor + searchStep(point, previous, target);
    next = Math.max(low + 1, Math.min(high - 1, Math.round(estimate)));
    previous = point;
  }
  const match = better && worse && interpolate(better, worse, target);
  const middle = Math.round(match?.rateFactor ?? (better ?? worse)!.rateFactor);
  for (const offset of curveOffsets) {
    await measureOnce(Math.max(range.best, Math.min(range.worst, middle + offset)));
  }
  const points = [...measured.values()].sort((a, b) => a.rateFactor - b.rateFactor);
  return { bytesAtEqualPsnr: match?.bytes, rateFactor: match?.rateFactor, points };
}

/**
 * Returns the step, in rate factors, from `point` toward a target that is not enclosed yet: at least twice the last step.
 */
function searchStep(
  point: RateDistortionPoint,
  previous: RateDistortionPoint | undefined,
  target: number,
): number {
  const lastStep = previous === undefined ? 0 : Math.abs(point.rateFactor - previous.rateFactor);
  const estimate = (point.psnr - target) / PSNR_PER_RATE_FACTOR;
  return Math.sign(estimate) * Math.max(1, Math.abs(estimate), 2 * lastStep);
}

/** Returns a rate factor between two points that shrinks the interval by at least a fifth. */
function interpolateInside(better: RateDistortionPoint, worse: RateDistortionPoint, target: number): number {
  const margin = (worse.rateFactor - better.rateFactor) / 5;
  const estimate = interpolate(better, worse, target).rateFactor;
  return Math.max(better.rateFactor + margin, Math.min(worse.rateFactor - margin, estimate));
}

function interpolate(
  better: RateDistortionPoint,
  worse: RateDistortionPoint,
  target: number,
): RateDistortionPoint {
  const share = better.psnr > worse.psnr ? (better.psnr - target) / (better.psnr - worse.psnr) : 0;
  const between = (a: number, b: number) => a + share * (b - a);
  return {
    rateFactor: between(better.rateFactor, worse.rateFactor),
    bytes: Math.round(Math.exp(between(Math.log(better.bytes), Math.log(worse.bytes)))),
    psnr: target,
  };
}
