import type { Kernel } from "../kernel/kernel.js";
import { TIME_FEATURES, type TileNetwork } from "../network/definition.js";
import type { PicturePlan, Span } from "./plan.js";

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

/** Where everything lies in the kernel's memory for one plan. Addresses and sizes in bytes. */
export interface MemoryMap {
  readonly time: number;
  readonly encoder: number;
  readonly weights: number;
  readonly columns: readonly PlacedColumns[];
  /** A list a strip. */
  readonly strips: readonly (readonly PlacedRows[])[];
  readonly scratch: number;
  readonly sums: number;
  readonly stride: number;
  readonly plane: number;
  readonly output: number;
}

const align = (bytes: number): number => (bytes + 63) & ~63;
const pad = (count: number, to: number): number => Math.ceil(count / to) * to;

/** Lays memory out and writes the plan's coordinates into it; weights are the caller's to write. */
export function placePlan(
  kernel: Kernel,
  network: TileNetwork,
  plan: PicturePlan,
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

  const writes: { address: number; span: Span; from: number; count: number; padded: number }[] = [];
  const columns = plan.columns.map((span): PlacedColumns => {
    const padded = pad(span.positions.length, 4);
    const address = take(padded * 8);
    writes.push({ address, span, from: 0, count: span.positions.length, padded });
    return { tile: span.tile, first: span.first, count: padded, address };
  });
  const strips: PlacedRows[][] = [];
  for (let top = 0; top < plan.request.height; top += plan.stripRows) {
    const bottom = Math.min(top + plan.stripRows, plan.request.height);
    strips.push(
      plan.rows.flatMap((span): PlacedRows[] => {
        const from = Math.max(0, top - span.first);
        const to = Math.min(span.positions.length, bottom - span.first);
        if (to <= from) return [];
        const padded = pad(to - from, 4);
        const address = take(padded * 8);
        writes.push({ address, span, from, count: to - from, padded });
        return [{ tile: span.tile, first: span.first + from - top, count: to - from, address }];
      }),
    );
  }

  const widest = Math.max(8, ...columns.map((column) => column.count));
  const scratch = take(kernel.exports.scratchBytes(maxOutputs, network.frequencies, widest, plan.stripRows));
  const stride = pad(plan.request.width + 8, 16) * 4;
  // Tiles are computed two rows at a time: an odd last one touches the row behind it.
  const plane = stride * (plan.stripRows + 1);
  const sums = take(3 * plane);
  const output = take(plan.stripRows * plan.request.width * 4 + 64);
  kernel.ensure(end);

  for (const write of writes) {
    const floats = kernel.floats(write.address, 2 * write.padded);
    floats.fill(0);
    floats.set(write.span.positions.subarray(write.from, write.from + write.count), 0);
    floats.set(write.span.fades.subarray(write.from, write.from + write.count), write.padded);
  }
  return { time, encoder, weights, columns, strips, scratch, sums, stride, plane, output };
}
