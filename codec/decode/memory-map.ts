import { MAX_LEVEL } from "../asset/spans.js";
import { alignTo64, type Kernel } from "../kernel/kernel.js";
import type { DecodePlan, Span } from "./decode-plan.js";

/** Bytes from the time features of one part of a group to those of the next: three floats, aligned. */
export const TIME_STRIDE = 64;

/** The rows of samples that one row of tiles contributes to a strip, in kernel memory. */
export interface PlacedRows {
  /** Row of tiles. */
  readonly tile: number;
  /** Index of the first row of samples in the strip. */
  readonly first: number;
  readonly count: number;
  /** Positions, then cross-fade weights: f32[2][count padded to a multiple of 4]. */
  readonly address: number;
}

/** The columns of samples to which one column of tiles contributes, in kernel memory. */
export interface PlacedColumns {
  /** Column of tiles. */
  readonly tile: number;
  /** Index of the first column of samples. */
  readonly first: number;
  /** Number of columns, padded to a multiple of 4. */
  readonly count: number;
  /** Positions, then cross-fade weights: f32[2][count]. */
  readonly address: number;
}

/** One grid of samples in kernel memory: its columns, and one list of rows per strip. */
export interface PlacedGrid {
  readonly columns: readonly PlacedColumns[];
  readonly strips: readonly (readonly PlacedRows[])[];
}

/** Layout of the kernel's memory for one plan. Addresses and sizes are in bytes. */
export interface MemoryMap {
  /** Time features of each part, f32[3] every TIME_STRIDE bytes. */
  readonly time: number;
  /** The shared encoder. */
  readonly encoder: number;
  /** The weights of the group. */
  readonly weights: number;
  readonly grids: readonly PlacedGrid[];
  readonly scratch: number;
  /** Sums of one strip: three planes of f32. */
  readonly sums: number;
  /** Bytes per row of `sums`. */
  readonly stride: number;
  /** Bytes per plane of `sums`. */
  readonly plane: number;
  /** Output bytes of one strip. */
  readonly output: number;
}

/** Sizes for which a memory map reserves space. */
export interface MemoryRequirements {
  /** Number of frequencies per axis. */
  readonly frequencies: number;
  /** Size of the shared encoder in 32-bit floats. */
  readonly encoderFloats: number;
  /** Size of a group's weights in 32-bit words. */
  readonly weightWords: number;
  /** Maximum width of a sine layer. */
  readonly maxWidth: number;
}

/** A part of a span to write to the kernel's memory, with its cross-fade weights multiplied by `weight`. */
interface SpanWrite {
  readonly address: number;
  readonly span: Span;
  /** Index of the first sample to write, within the span. */
  readonly from: number;
  /** Number of samples to write. */
  readonly count: number;
  /** `count` rounded up to a multiple of 4; the rest is zero. */
  readonly padded: number;
  readonly weight: number;
}

const pad = (count: number, multiple: number): number => Math.ceil(count / multiple) * multiple;

/** Allocates the kernel's memory for a plan and writes the plan's coordinates. The caller writes the weights. */
export function createMemoryMap(
  kernel: Kernel,
  plan: DecodePlan,
  { frequencies, encoderFloats, weightWords, maxWidth }: MemoryRequirements,
): MemoryMap {
  let end = kernel.start;
  const allocate = (bytes: number): number => {
    const address = end;
    end += alignTo64(bytes);
    return address;
  };
  const time = allocate((MAX_LEVEL + 1) * TIME_STRIDE);
  const encoder = allocate(encoderFloats * 4);
  const weights = allocate(weightWords * 4);

  const writes: SpanWrite[] = [];
  const grids = plan.grids.map((grid): PlacedGrid => {
    const columns = grid.columns.map((span): PlacedColumns => {
      const padded = pad(span.positions.length, 4);
      const address = allocate(padded * 8);
      writes.push({ address, span, from: 0, count: span.positions.length, padded, weight: 1 });
      return { tile: span.tile, first: span.first, count: padded, address };
    });
    const strips: PlacedRows[][] = [];
    const rows = plan.viewport.height * plan.factorY;
    const stripRows = plan.stripRows * plan.factorY;
    for (let top = 0; top < rows; top += stripRows) {
      const bottom = Math.min(top + stripRows, rows);
      strips.push(
        grid.rows.flatMap((span): PlacedRows[] => {
          const from = Math.max(0, top - span.first);
          const count = Math.min(span.positions.length, bottom - span.first) - from;
          if (count <= 0) return [];
          const padded = pad(count, 4);
          const address = allocate(padded * 8);
          writes.push({ address, span, from, count, padded, weight: 1 / plan.grids.length });
          return [{ tile: span.tile, first: span.first + from - top, count, address }];
        }),
      );
    }
    return { columns, strips };
  });

  const maxColumns = Math.max(8, ...grids.flatMap((grid) => grid.columns.map((column) => column.count)));
  const rows = plan.stripRows * plan.factorY;
  const scratch = allocate(kernel.exports.scratchBytes(maxWidth, frequencies, maxColumns, rows));
  const stride = pad(plan.viewport.width * plan.factorX + 8, 16) * 4;
  // Tiles are computed two rows at a time: an odd number of rows touches one extra row.
  const plane = stride * (rows + 1);
  const sums = allocate(3 * plane);
  const output = allocate(plan.stripRows * plan.viewport.width * 4 + 64);
  kernel.ensureSize(end);

  for (const { address, span, from, count, padded, weight } of writes) {
    const floats = kernel.floats(address, 2 * padded);
    floats.fill(0);
    floats.set(span.positions.subarray(from, from + count), 0);
    for (let i = 0; i < count; i++) floats[padded + i] = span.fades[from + i] * weight;
  }
  return { time, encoder, weights, grids, scratch, sums, stride, plane, output };
}
