import type { TileNetwork } from "../network/definition.js";
import { chooseSampling, type Sampling } from "./sampling.js";
import type { Viewport } from "./viewport.js";

/** The samples along one axis to which one row or column of tiles contributes. */
export interface Span {
  /** Row or column of tiles. */
  readonly tile: number;
  /** Index of the first sample. */
  readonly first: number;
  /** Tile-local coordinates of the samples; -1 and 1 are the tile's borders. */
  readonly positions: Float32Array;
  /** Cross-fade weight per sample. At every sample, the weights of all tiles sum to 1. */
  readonly fades: Float32Array;
}

/** The tiles along one axis. */
export interface TileAxis {
  /** Width or height of the frame in source pixels. */
  readonly extent: number;
  /** Tiles along the axis. */
  readonly count: number;
  /** Source pixels by which a tile extends past its border. */
  readonly overlap: number;
}

/** The samples along one axis. */
export interface SampleRange {
  /** First source pixel of the region; may be fractional. */
  readonly start: number;
  /** Source pixels. */
  readonly length: number;
  /** Number of samples, evenly spaced over the region. */
  readonly samples: number;
}

/**
 * Returns the samples that each tile computes along one axis. A tile extends `overlap` past its border and
 * fades from 1 to 0 over twice that distance.
 */
export function planAxis(
  { extent, count, overlap }: TileAxis,
  { start, length, samples }: SampleRange,
): Span[] {
  const side = extent / count;
  const band = Math.min(overlap, side / 2);
  const spans: Span[] = [];
  const step = length / samples;
  const firstTile = Math.max(0, Math.floor((start - band) / side));
  for (let tile = firstTile; tile < count && tile * side - band < start + length; tile++) {
    const low = tile === 0 ? Number.NEGATIVE_INFINITY : tile * side;
    const high = tile === count - 1 ? Number.POSITIVE_INFINITY : (tile + 1) * side;
    const from =
      low - band === Number.NEGATIVE_INFINITY ? 0 : Math.max(0, Math.floor((low - band - start) / step - 1));
    const positions: number[] = [];
    const fades: number[] = [];
    let first = 0;
    for (let i = from; i < samples; i++) {
      const position = start + (i + 0.5) * step;
      if (position >= high + band) break;
      const fade = ramp(position - low, band) * (1 - ramp(position - high, band));
      if (fade <= 0) continue;
      if (positions.length === 0) first = i;
      positions.push((2 * (position - tile * side)) / side - 1);
      fades.push(fade);
    }
    if (positions.length > 0) {
      spans.push({ tile, first, positions: Float32Array.from(positions), fades: Float32Array.from(fades) });
    }
  }
  return spans;
}

/** Returns 0 below -band, 1 above band, and a linear ramp in between; a step function if band is 0. */
function ramp(distance: number, band: number): number {
  if (distance >= band) return 1;
  if (distance < -band || band === 0) return 0;
  return (distance + band) / (2 * band);
}

/** One regular grid of samples, split by the columns and rows of tiles that contribute to it. */
export interface SampleGrid {
  readonly columns: readonly Span[];
  readonly rows: readonly Span[];
}

/** What a decoder computes for a viewport: the mean of all grids, then of factorX x factorY samples per pixel. */
export interface DecodePlan {
  readonly viewport: Viewport;
  /** Samples per output pixel along x. */
  readonly factorX: number;
  /** Samples per output pixel along y. */
  readonly factorY: number;
  readonly grids: readonly SampleGrid[];
  /** Output rows per strip; even. */
  readonly stripRows: number;
  /** Width of the box over which the first layer is averaged, in tile-local units; 0 for none. */
  readonly blurX: number;
  /** As `blurX`, along y. */
  readonly blurY: number;
}

/** Target size of a strip's sums: small enough for the L2 cache, large enough that strips cut few tiles. */
const STRIP_BYTES = 1024 * 1024;
const MAX_STRIP_ROWS = 256;

/** Plans the decoding of a viewport. `frame` is the source size in pixels. */
export function planDecode(
  network: TileNetwork,
  frame: { width: number; height: number },
  viewport: Viewport,
  sampling: Sampling = chooseSampling(viewport),
): DecodePlan {
  const { region } = viewport;
  const { rows, columns, overlap } = network;
  const { factorX, factorY, offsets, blurX, blurY } = sampling;
  const width = viewport.width * factorX;
  const height = viewport.height * factorY;
  const stepX = region.width / width;
  const stepY = region.height / height;
  const maxSampleRows = Math.min(MAX_STRIP_ROWS, Math.floor(STRIP_BYTES / (12 * width)));
  const outputRows = Math.max(8, Math.floor(maxSampleRows / factorY));
  const tileColumns = { extent: frame.width, count: columns, overlap };
  const tileRows = { extent: frame.height, count: rows, overlap };
  return {
    viewport,
    factorX,
    factorY,
    grids: offsets.map(([x, y]) => ({
      columns: planAxis(tileColumns, { start: region.x + x * stepX, length: region.width, samples: width }),
      rows: planAxis(tileRows, { start: region.y + y * stepY, length: region.height, samples: height }),
    })),
    stripRows: outputRows - (outputRows % 2),
    blurX: (2 * blurX * columns) / frame.width,
    blurY: (2 * blurY * rows) / frame.height,
  };
}
