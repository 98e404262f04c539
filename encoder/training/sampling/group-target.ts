import { CHANNELS } from "../../../codec/internal.js";
import type { TileWindows } from "./tile-windows.js";

/** A run of tiles in row-major order: from `first`, `count` of them. */
export interface TileRange {
  readonly first: number;
  readonly count: number;
}

/** How values are normalized for training: (v - mean) / deviation, v in [0, 1]; the same for the three channels. */
export interface Normalization {
  readonly mean: number;
  readonly deviation: number;
}

/** A run of tiles of one group, and the pixels that it learns from. */
export interface GroupTarget {
  readonly windows: TileWindows;
  readonly tiles: TileRange;
  readonly frameCount: number;
  readonly normalization: Normalization;
  /** Packed R'G'B' [frames, height, width, 3] of the whole picture; shared memory where threads train. */
  readonly frames: Uint8Array;
  /** Pixels a line of the frames. */
  readonly frameWidth: number;
}

/** Pixels of one window. */
export const windowPixels = (windows: TileWindows): number => windows.width * windows.height;

/**
 * uint8 [frames x window pixels, tiles x 3]: one sampled position is one contiguous row with the colors of all tiles,
 * as graphs gather them.
 */
export function tileRows(target: GroupTarget): Uint8Array<ArrayBuffer> {
  const { tiles, frameCount, windows, frames } = target;
  const stride = tiles.count * CHANNELS;
  const rows = new Uint8Array(frameCount * windowPixels(windows) * stride);
  for (let tile = 0; tile < tiles.count; tile++) {
    let to = tile * CHANNELS;
    for (const from of windowLines(target, tile)) {
      for (let at = from; at < from + windows.width * CHANNELS; at += CHANNELS, to += stride) {
        rows[to] = frames[at];
        rows[to + 1] = frames[at + 1];
        rows[to + 2] = frames[at + 2];
      }
    }
  }
  return rows;
}

/** Where the lines of a tile's window begin in the frames: those of the first frame, then of the next. */
export function* windowLines(target: GroupTarget, tile: number): Generator<number, void> {
  const { windows, tiles, frameCount, frames, frameWidth } = target;
  const number = tiles.first + tile;
  const { left, top } = windows;
  const corner = top[Math.floor(number / left.length)] * frameWidth + left[number % left.length];
  for (let frame = 0; frame < frameCount; frame++) {
    const first = (frame * frames.length) / frameCount + corner * CHANNELS;
    for (let y = 0; y < windows.height; y++) yield first + y * frameWidth * CHANNELS;
  }
}

/** Bytes whose squares add up to a number that fits into 31 bits: sums of such are quick, and as exact. */
const SUMMED_TOGETHER = 8192;

/** Sums over the values of a group from which its normalization follows. */
export class PixelStatistics {
  #sum = 0;
  #squares = 0;
  #count = 0;

  push(frame: Uint8Array): void {
    for (let from = 0; from < frame.length; from += SUMMED_TOGETHER) {
      const end = Math.min(from + SUMMED_TOGETHER, frame.length);
      let sum = 0;
      let squares = 0;
      for (let i = from; i < end; i++) {
        const value = frame[i];
        sum = (sum + value) | 0;
        squares = (squares + value * value) | 0;
      }
      this.#sum += sum;
      this.#squares += squares;
    }
    this.#count += frame.length;
  }

  /** The deviation is at least 1 / 255, so that a picture of one color can be divided by it. */
  normalization(): Normalization {
    const mean = this.#sum / this.#count;
    const variance = Math.max(1, this.#squares / this.#count - mean * mean);
    return { mean: mean / 255, deviation: Math.sqrt(variance) / 255 };
  }
}
