import { rounded } from "../machine.js";
import { bdPsnr, bdRate, type RatePoint } from "./bjontegaard.js";
import type { Point, SieddPoint } from "./measure-clip.js";

/** The curves of one clip. */
export interface ClipCurves {
  readonly clip: string;
  readonly size: string;
  readonly x264: readonly Point[];
  /** Curve of each command, by its name; "siedd" is this checkout. */
  readonly curves: Readonly<Record<string, readonly SieddPoint[]>>;
}

/** Bjontegaard deltas against x264, and the cost of the curve. Null where the curves have nothing in common. */
export interface CurveSummary {
  /** Percent; negative if fewer bytes than x264. */
  readonly bdRate: number | null;
  /** dB; positive if better than x264. */
  readonly bdPsnr: number | null;
  /** CPU seconds of all points of the curve. */
  readonly cpuSeconds: number;
  readonly cpuSecondsPerMegapixel: number;
  /** Largest border ratio of the points. */
  readonly borderRatio: number | null;
}

const orNull = (value: number | undefined, digits: number) =>
  value === undefined ? null : rounded(value, digits);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

const cpuSecondsOf = (points: readonly SieddPoint[]) => sum(points.map(({ cpuSeconds }) => cpuSeconds));

/** Compares a curve with that of x264. */
export function summarizeCurve(x264: readonly RatePoint[], points: readonly SieddPoint[]): CurveSummary {
  const ratios = points.flatMap((point) => point.borderRatio ?? []);
  const perMegapixel = points.map((point) => point.cpuSecondsPerMegapixel);
  return {
    bdRate: orNull(bdRate(x264, points), 1),
    bdPsnr: orNull(bdPsnr(x264, points), 2),
    cpuSeconds: rounded(cpuSecondsOf(points)),
    cpuSecondsPerMegapixel: rounded(sum(perMegapixel) / points.length, 3),
    borderRatio: ratios.length > 0 ? Math.max(...ratios) : null,
  };
}

/** Returns the geometric mean of BD-rates in percent; null of none. */
export function meanBdRate(rates: readonly (number | null)[]): number | null {
  const logs = rates.flatMap((rate) => (rate === null ? [] : Math.log(1 + rate / 100)));
  return logs.length > 0 ? rounded(100 * (Math.exp(sum(logs) / logs.length) - 1), 1) : null;
}

/** Two curves of a clip: the time of `test` relative to `anchor`, and the BD-rate of `test` against `anchor`. */
export interface CurveComparison {
  readonly clip: string;
  readonly timeRatio: number;
  /** Percent. */
  readonly bdRate: number | null;
}

/** Compares the points with settings that both curves have. Clips without such points are left out. */
export function compareCurves(
  clips: readonly { clip: string; anchor: readonly SieddPoint[]; test: readonly SieddPoint[] }[],
): { clips: CurveComparison[]; timeRatio: number | null; bdRate: number | null } {
  const rows = clips.flatMap(({ clip, anchor, test }) => {
    const shared = (points: readonly SieddPoint[], others: readonly SieddPoint[]) =>
      points.filter((point) => others.some((other) => other.setting === point.setting));
    const [from, to] = [shared(anchor, test), shared(test, anchor)];
    if (from.length === 0) return [];
    const timeRatio = rounded(cpuSecondsOf(to) / cpuSecondsOf(from), 3);
    return [{ clip, timeRatio, bdRate: orNull(bdRate(from, to), 1) }];
  });
  const mean = Math.exp(sum(rows.map(({ timeRatio }) => Math.log(timeRatio))) / rows.length);
  return {
    clips: rows,
    timeRatio: rows.length > 0 ? rounded(mean, 3) : null,
    bdRate: meanBdRate(rows.map((row) => row.bdRate)),
  };
}
