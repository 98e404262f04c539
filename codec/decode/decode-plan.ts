import type { TileNetwork } from "../network/definition.js";
import { chooseSampling, type Sampling } from "./sampling.js";
import type { Viewport } from "./viewport.js";

/** Output samples along one axis that one tile contributes to. */
export interface Span {
  /** Row or column of the tile. */
  readonly tile: number;
  /** First output sample. */
  readonly first: number;
  /** Tile-local coordinates of the samples: -1 and 1 are the tile's borders. */
  readonly positions: Float32Array;
  /** Weights of the cross-fade; over all tiles they sum to 1 at every sample. */
  readonly fades: Float32Array;
}

/**
 * Which samples each tile computes along one axis. A tile of `count` over `extent` source pixels
 * reaches `overlap` past its border, where it fades from 1 to 0 over twice that.
 *
 * start, length: the region along this axis in source pixels; samples: output pixels.
 */
export function planAxis(
  extent: number,
  count: number,
  overlap: number,
  start: number,
  length: number,
  samples: number,
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
      const at = start + (i + 0.5) * step;
      if (at >= high + band) break;
      const fade = rise(at - low, band) * (1 - rise(at - high, band));
      if (fade <= 0) continue;
      if (positions.length === 0) first = i;
      positions.push((2 * (at - tile * side)) / side - 1);
      fades.push(fade);
    }
    if (positions.length > 0) {
      spans.push({ tile, first, positions: Float32Array.from(positions), fades: Float32Array.from(fades) });
    }
  }
  return spans;
}

/** 0 below -band, 1 from band on, linear between; a step where there is no band. */
function rise(distance: number, band: number): number {
  if (distance >= band) return 1;
  if (distance < -band || band === 0) return 0;
  return (distance + band) / (2 * band);
}

/** The tiles, rows and columns that one grid of samples touches. */
export interface SampleGrid {
  readonly columns: readonly Span[];
  readonly rows: readonly Span[];
}

/** What is computed for a request: the mean of the passes, then of factorX x factorY samples. */
export interface DecodePlan {
  readonly request: Viewport;
  readonly factorX: number;
  readonly factorY: number;
  readonly passes: readonly SampleGrid[];
  /** Output rows computed at a time; even. */
  readonly stripRows: number;
  /** Widths over which the first layer is averaged, in tile-local units; 0: not at all. */
  readonly blurX: number;
  readonly blurY: number;
}

/**
 * Sums of a strip stay near this many bytes: small enough for the second-level cache, and high enough that
 * few tiles are cut.
 */
const STRIP_BYTES = 1024 * 1024;
const MAX_STRIP_ROWS = 256;

export function planDecode(
  network: TileNetwork,
  frame: { width: number; height: number },
  request: Viewport,
  sampling: Sampling = chooseSampling(request),
): DecodePlan {
  const { region } = request;
  const { rows, columns, overlap } = network;
  const { factorX, factorY, offsets, blurX, blurY } = sampling;
  const width = request.width * factorX;
  const height = request.height * factorY;
  const stepX = region.width / width;
  const stepY = region.height / height;
  const fitting = Math.min(MAX_STRIP_ROWS, Math.floor(STRIP_BYTES / (12 * width)));
  const outputRows = Math.max(8, Math.floor(fitting / factorY));
  return {
    request,
    factorX,
    factorY,
    passes: offsets.map(([x, y]) => ({
      columns: planAxis(frame.width, columns, overlap, region.x + x * stepX, region.width, width),
      rows: planAxis(frame.height, rows, overlap, region.y + y * stepY, region.height, height),
    })),
    stripRows: outputRows - (outputRows % 2),
    blurX: (2 * blurX * columns) / frame.width,
    blurY: (2 * blurY * rows) / frame.height,
  };
}
