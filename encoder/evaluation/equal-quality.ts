/** One encode of the same frames by another codec. */
export interface RatePoint {
  /** The codec's constant rate factor. */
  readonly rateFactor: number;
  /** The whole file without sound. */
  readonly bytes: number;
  /** dB, as of the asset: the mean over frames, R'G'B'. */
  readonly psnr: number;
}

/** What another codec needs for a given PSNR. */
export interface EqualQuality {
  /** Undefined where the PSNR is out of the codec's reach. */
  readonly bytesAtEqualPsnr: number | undefined;
  /** Where that lies, between two rate factors that were tried. */
  readonly rateFactor: number | undefined;
  /** All that was tried, by falling quality. */
  readonly points: readonly RatePoint[];
}

/** dB by which PSNR falls from one rate factor to the next, about: only the first guesses depend on it. */
const SLOPE = 0.55;
/** Rate factors between the two points that are interpolated. */
const CLOSE = 2;

/**
 * Finds the bytes at which a codec reaches `target` dB: narrows down the rate factor until two whole ones at
 * most CLOSE apart enclose it, then interpolates the logarithm of the bytes over PSNR.
 *
 * @param beyond more points for a curve, this many rate factors better and worse than what was found, or than
 *   the end of the range that came nearest
 */
export async function equalQuality(
  measure: (rateFactor: number) => Promise<RatePoint>,
  range: { readonly best: number; readonly worst: number },
  target: number,
  beyond: readonly number[] = [],
): Promise<EqualQuality> {
  const tried = new Map<number, RatePoint>();
  const at = async (rateFactor: number): Promise<RatePoint> => {
    const point = tried.get(rateFactor) ?? (await measure(rateFactor));
    tried.set(rateFactor, point);
    return point;
  };
  let better: RatePoint | undefined;
  let worse: RatePoint | undefined;
  let before: RatePoint | undefined;
  for (let next = Math.round((range.best + range.worst) / 2); ; ) {
    const point = await at(next);
    if (point.psnr >= target) better = point;
    else worse = point;
    const low = better?.rateFactor ?? range.best - 1;
    const high = worse?.rateFactor ?? range.worst + 1;
    const outOfReach = high <= range.best || low >= range.worst;
    if (outOfReach || (better !== undefined && worse !== undefined && high - low <= CLOSE)) break;
    const wanted =
      better && worse ? within(better, worse, target) : point.rateFactor + stride(point, before, target);
    next = Math.max(low + 1, Math.min(high - 1, Math.round(wanted)));
    before = point;
  }
  const found = better && worse && interpolate(better, worse, target);
  const middle = Math.round(found?.rateFactor ?? (better ?? worse)!.rateFactor);
  for (const distance of beyond) {
    await at(Math.max(range.best, Math.min(range.worst, middle + distance)));
  }
  const points = [...tried.values()].sort((a, b) => a.rateFactor - b.rateFactor);
  return { bytesAtEqualPsnr: found?.bytes, rateFactor: found?.rateFactor, points };
}

/** How far to go from `point` towards the target while all points lie on one side of it: ever faster. */
function stride(point: RatePoint, before: RatePoint | undefined, target: number): number {
  const last = before === undefined ? 0 : Math.abs(point.rateFactor - before.rateFactor);
  const wanted = (point.psnr - target) / SLOPE;
  return Math.sign(wanted) * Math.max(1, Math.abs(wanted), 2 * last);
}

/** A rate factor between two points, so far from both that the interval shrinks by a fifth at least. */
function within(better: RatePoint, worse: RatePoint, target: number): number {
  const margin = (worse.rateFactor - better.rateFactor) / 5;
  const wanted = interpolate(better, worse, target).rateFactor;
  return Math.max(better.rateFactor + margin, Math.min(worse.rateFactor - margin, wanted));
}

function interpolate(better: RatePoint, worse: RatePoint, target: number): RatePoint {
  const share = better.psnr > worse.psnr ? (better.psnr - target) / (better.psnr - worse.psnr) : 0;
  const between = (a: number, b: number) => a + share * (b - a);
  return {
    rateFactor: between(better.rateFactor, worse.rateFactor),
    bytes: Math.round(Math.exp(between(Math.log(better.bytes), Math.log(worse.bytes)))),
    psnr: target,
  };
}
