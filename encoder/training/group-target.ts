import { CHANNELS } from "../../codec/index.js";
import type { TileWindows } from "./tile-windows.js";

/** A run of tiles in row-major order: from `first`, `count` of them. */
export interface TileRange {
  readonly first: number;
  readonly count: number;
}

/** How values are normalised for training: (v - mean) / deviation, v in [0, 1]; the same for the three channels. */
export interface Normalisation {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * The pixels of a run of tiles in one group, as training reads them: one sampled position is one
 * contiguous row with the colours of all tiles.
 */
export interface GroupTarget {
  readonly windows: TileWindows;
  readonly tiles: TileRange;
  readonly frameCount: number;
  readonly normalisation: Normalisation;
  /** uint8 [frames x window pixels, tiles x 3]. */
  readonly rows: Uint8Array<ArrayBuffer>;
}

/** Pixels of one window. */
export const windowPixels = (windows: TileWindows): number => windows.width * windows.height;

/** Room for `frameCount` frames of a run of tiles; moved to the worker that trains them, not copied. */
export function allocateRows(
  windows: TileWindows,
  tiles: TileRange,
  frameCount: number,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(frameCount * windowPixels(windows) * tiles.count * CHANNELS);
}

/** Copies frame `index` (packed R'G'B', `pictureWidth` pixels a line) into the rows of a run of tiles. */
export function fillRows(
  rows: Uint8Array,
  windows: TileWindows,
  tiles: TileRange,
  index: number,
  frame: Uint8Array,
  pictureWidth: number,
): void {
  const { left, top, width, height } = windows;
  const stride = tiles.count * CHANNELS;
  const base = index * windowPixels(windows) * stride;
  for (let t = 0; t < tiles.count; t++) {
    const tile = tiles.first + t;
    const corner = top[Math.floor(tile / left.length)] * pictureWidth + left[tile % left.length];
    for (let y = 0; y < height; y++) {
      let from = (corner + y * pictureWidth) * CHANNELS;
      let to = base + y * width * stride + t * CHANNELS;
      for (let x = 0; x < width; x++) {
        rows[to] = frame[from];
        rows[to + 1] = frame[from + 1];
        rows[to + 2] = frame[from + 2];
        from += CHANNELS;
        to += stride;
      }
    }
  }
}

/** Sums over the values of a group from which its normalisation follows. */
export class Statistics {
  #sum = 0;
  #squares = 0;
  #count = 0;

  push(frame: Uint8Array): void {
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < frame.length; i++) {
      sum += frame[i];
      squares += frame[i] * frame[i];
    }
    this.#sum += sum;
    this.#squares += squares;
    this.#count += frame.length;
  }

  /** The deviation is at least 1 / 255, so that a picture of one colour can be divided by it. */
  normalisation(): Normalisation {
    const mean = this.#sum / this.#count;
    const variance = Math.max(1, this.#squares / this.#count - mean * mean);
    return { mean: mean / 255, deviation: Math.sqrt(variance) / 255 };
  }
}
