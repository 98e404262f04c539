import type { Kernel } from "../kernel/kernel.js";
import { TIME_FEATURES, type TileNetwork } from "../network/definition.js";
import type { DecodePlan, Span } from "./decode-plan.js";

/** One tile row's share of a strip, in kernel memory. */
export interface PlacedRows {
  readonly tile: number;
  /** First row within the strip. */
  readonly first: number;
  readonly count: number;
  readonly address: number;
}

export interface PlacedColumns {
  readonly tile: number;
  readonly first: number;
  /** Padded to a multiple of 4. */
  readonly count: number;
  readonly address: number;
}

/** One grid of samples: its columns, and its rows as a list a strip. */
export interface PlacedPass {
  readonly columns: readonly PlacedColumns[];
  readonly strips: readonly (readonly PlacedRows[])[];
}

/** Where everything lies in the kernel's memory for one plan. Addresses and sizes in bytes. */
export interface MemoryMap {
  readonly time: number;
  readonly encoder: number;
  readonly weights: number;
  readonly passes: readonly PlacedPass[];
  readonly scratch: number;
  readonly sums: number;
  readonly stride: number;
  readonly plane: number;
  readonly output: number;
}

/** Part of a span to be written to the kernel's memory, its fades times `share`. */
interface Write {
  readonly address: number;
  readonly span: Span;
  readonly from: number;
  readonly count: number;
  readonly padded: number;
  readonly share: number;
}

const align = (bytes: number): number => (bytes + 63) & ~63;
const pad = (count: number, to: number): number => Math.ceil(count / to) * to;

/** Lays memory out and writes the plan's coordinates into it; weights are the caller's to write. */
export function placePlan(
  kernel: Kernel,
  network: TileNetwork,
  plan: DecodePlan,
  encoderFloats: number,
  weightFloats: number,
  maxOutputs: number,
): MemoryMap {
  let end = 64;
  const take = (bytes: number): number => {
    const at = end;
    end += align(bytes);
    return at;
  };
  const time = take(TIME_FEATURES * 4);
  const encoder = take(encoderFloats * 4);
  const weights = take(weightFloats * 4);

  const writes: Write[] = [];
  const passes = plan.passes.map((pass): PlacedPass => {
    const columns = pass.columns.map((span): PlacedColumns => {
      const padded = pad(span.positions.length, 4);
      const address = take(padded * 8);
      writes.push({ address, span, from: 0, count: span.positions.length, padded, share: 1 });
      return { tile: span.tile, first: span.first, count: padded, address };
    });
    const strips: PlacedRows[][] = [];
    const rows = plan.request.height * plan.factorY;
    const stripRows = plan.stripRows * plan.factorY;
    for (let top = 0; top < rows; top += stripRows) {
      const bottom = Math.min(top + stripRows, rows);
      strips.push(
        pass.rows.flatMap((span): PlacedRows[] => {
          const from = Math.max(0, top - span.first);
          const count = Math.min(span.positions.length, bottom - span.first) - from;
          if (count <= 0) return [];
          const padded = pad(count, 4);
          const address = take(padded * 8);
          writes.push({ address, span, from, count, padded, share: 1 / plan.passes.length });
          return [{ tile: span.tile, first: span.first + from - top, count, address }];
        }),
      );
    }
    return { columns, strips };
  });

  const widest = Math.max(8, ...passes.flatMap((pass) => pass.columns.map((column) => column.count)));
  const rows = plan.stripRows * plan.factorY;
  const scratch = take(kernel.exports.scratchBytes(maxOutputs, network.frequencies, widest, rows));
  const stride = pad(plan.request.width * plan.factorX + 8, 16) * 4;
  // Tiles are computed two rows at a time: an odd last one touches the row behind it.
  const plane = stride * (rows + 1);
  const sums = take(3 * plane);
  const output = take(plan.stripRows * plan.request.width * 4 + 64);
  kernel.ensure(end);

  for (const { address, span, from, count, padded, share } of writes) {
    const floats = kernel.floats(address, 2 * padded);
    floats.fill(0);
    floats.set(span.positions.subarray(from, from + count), 0);
    for (let i = 0; i < count; i++) floats[padded + i] = span.fades[from + i] * share;
  }
  return { time, encoder, weights, passes, scratch, sums, stride, plane, output };
}
