import { readFileSync } from "node:fs";

type Nested = number | Nested[];

/**
 * A golden file of test/fixtures/reference: inputs, weights, outputs, losses, gradients and the weights after three
 * optimizer steps, computed in float64.
 */
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

/** Names of the golden files. */
export const FIXTURES = [
  "paper-phase1",
  "paper-phase2",
  "paper-schedule-free",
  "tile-phase1",
  "tile-phase2",
  "tile-no-encoder",
] as const;

/** Reads a golden file by its name. */
export function readFixture(name: string): Fixture {
  return JSON.parse(
    readFileSync(new URL(`../../../test/fixtures/reference/${name}.json`, import.meta.url), "utf8"),
  );
}

/** Flattens nested arrays in row-major order. */
export function flatten(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flatten);
}

/** Swaps the last two axes and flattens: [n, a, b] -> [n, b, a]. */
export function swapAxes(nested: Nested): number[] {
  return (nested as number[][][]).flatMap((matrix) =>
    matrix[0].flatMap((_, b) => matrix.map((row) => row[b])),
  );
}

/** Returns the largest absolute difference relative to the largest absolute expected value. */
export function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length)
    throw new RangeError(`got ${actual.length} values, expected ${expected.length}`);
  const scale = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const error = expected.reduce((max, value, i) => Math.max(max, Math.abs(value - actual[i])), 0);
  return error / scale;
}
