import { readFileSync } from "node:fs";

type Nested = number | Nested[];

/** One golden case: inputs, weights, outputs, loss, gradients and weights after three optimizer steps, in float64. */
export interface Fixture {
  readonly omega: number;
  readonly lr: number;
  readonly inputs: { readonly xy: number[][]; readonly frame?: number[]; readonly frames?: number };
  readonly target: number[][][];
  readonly weights: Record<string, Nested[]>;
  readonly losses: number[];
  readonly output: number[][][];
  readonly gradients: Record<string, Nested[]>;
  readonly weights_after_3_steps: Record<string, Nested[]>;
}

export const FIXTURES = [
  "paper-phase1",
  "paper-phase2",
  "paper-schedule-free",
  "tile-phase1",
  "tile-phase2",
  "tile-no-encoder",
] as const;

export function readFixture(name: string): Fixture {
  return JSON.parse(
    readFileSync(new URL(`../../../test/fixtures/reference/${name}.json`, import.meta.url), "utf8"),
  );
}

export function flat(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flat);
}

/** Axes swapped: [n, a, b] -> [n, b, a], flattened. */
export function swapped(nested: Nested): number[] {
  return (nested as number[][][]).flatMap((matrix) =>
    matrix[0].flatMap((_, b) => matrix.map((row) => row[b])),
  );
}

/** The largest |ours - theirs|, as a share of the largest |theirs|. */
export function relativeError(ours: ArrayLike<number>, theirs: readonly number[]): number {
  if (ours.length !== theirs.length) throw new RangeError(`${ours.length} numbers against ${theirs.length}`);
  const largest = theirs.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const furthest = theirs.reduce((max, value, i) => Math.max(max, Math.abs(value - ours[i])), 0);
  return furthest / largest;
}
