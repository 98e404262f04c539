import type { TileNetwork } from "../../../codec/internal.js";

/**
 * The pixels that each tile learns from: windows of one size, each covering its tile and the overlap
 * around it. All tiles see the same positions within their windows at a step.
 */
export interface TileWindows {
  /** Pixels a side. */
  readonly width: number;
  readonly height: number;
  /** Left and top pixel of each column and row of windows. */
  readonly left: readonly number[];
  readonly top: readonly number[];
  /** Tile-local units a pixel, along x and y. */
  readonly scale: readonly [x: number, y: number];
  /** [tiles, 2]: what a window's position needs to become tile-local: x = scale (column + 1/2) + offset. */
  readonly offsets: Float32Array;
}

interface Axis {
  readonly size: number;
  readonly starts: number[];
  readonly scale: number;
  readonly offsets: number[];
}

function windowsAlong(extent: number, count: number, overlap: number): Axis {
  const side = extent / count;
  const size = Math.min(extent, Math.ceil(side + 2 * overlap));
  const starts = Array.from({ length: count }, (_, i) =>
    Math.max(0, Math.min(extent - size, Math.round(i * side + (side - size) / 2))),
  );
  const offsets = starts.map((start, i) => (2 * (start - i * side)) / side - 1);
  return { size, starts, scale: 2 / side, offsets };
}

/** Windows for a picture of `width` x `height` source pixels. */
export function tileWindows(network: TileNetwork, width: number, height: number): TileWindows {
  const x = windowsAlong(width, network.columns, network.overlap);
  const y = windowsAlong(height, network.rows, network.overlap);
  const offsets = y.offsets.flatMap((dy) => x.offsets.flatMap((dx) => [dx, dy]));
  return {
    width: x.size,
    height: y.size,
    left: x.starts,
    top: y.starts,
    scale: [x.scale, y.scale],
    offsets: Float32Array.from(offsets),
  };
}
