import type { TileNetwork } from "../network/definition.js";
import type { PictureRequest } from "./request.js";

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

/** The tiles, rows and columns that a request touches. */
export interface PicturePlan {
  readonly request: PictureRequest;
  readonly columns: readonly Span[];
  readonly rows: readonly Span[];
  /** Output rows computed at a time; even. */
  readonly stripRows: number;
}

/** Sums of a strip stay near this many bytes: small enough for the second-level cache, and high enough that few tiles are cut. */
const STRIP_BYTES = 1024 * 1024;

export function planPicture(
  network: TileNetwork,
  picture: { width: number; height: number },
  request: PictureRequest,
): PicturePlan {
  const { region, width, height } = request;
  const fitting = Math.floor(STRIP_BYTES / (12 * width));
  const stripRows = Math.max(8, Math.min(256, fitting - (fitting % 2)));
  return {
    request,
    columns: planAxis(picture.width, network.columns, network.overlap, region.x, region.width, width),
    rows: planAxis(picture.height, network.rows, network.overlap, region.y, region.height, height),
    stripRows,
  };
}
