import type { TileNetwork } from "../../../codec/internal.js";

/**
 * The pixels that each tile trains on. All windows have the same size, and each covers its tile and the overlap around
 * it. In a step, all tiles use the same positions within their windows.
 */
export interface TileWindows {
  /** Size of a window in pixels. */
  readonly width: number;
  readonly height: number;
  /** [tiles]: left and top pixel of each window. */
  readonly left: readonly number[];
  readonly top: readonly number[];
  /** Tile-local units per pixel along x and y. */
  readonly scale: readonly [x: number, y: number];
  /** [tiles, 2]: offsets that make positions tile-local: x = scale * (column + 1/2) + offset. */
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

/** Returns the windows for a frame of `width` x `height` source pixels. */
export function tileWindows(network: TileNetwork, width: number, height: number): TileWindows {
  const x = windowsAlong(width, network.columns, network.overlap);
  const y = windowsAlong(height, network.rows, network.overlap);
  const offsets = y.offsets.flatMap((dy) => x.offsets.flatMap((dx) => [dx, dy]));
  return {
    width: x.size,
    height: y.size,
    left: y.starts.flatMap(() => x.starts),
    top: y.starts.flatMap((top) => x.starts.map(() => top)),
    scale: [x.scale, y.scale],
    offsets: Float32Array.from(offsets),
  };
}

/** Returns the windows of some of the tiles, in the given order. */
export function selectWindows(windows: TileWindows, tiles: readonly number[]): TileWindows {
  return {
    ...windows,
    left: tiles.map((tile) => windows.left[tile]),
    top: tiles.map((tile) => windows.top[tile]),
    offsets: Float32Array.from(
      tiles.flatMap((tile) => [...windows.offsets.subarray(2 * tile, 2 * tile + 2)]),
    ),
  };
}
