import { CHANNELS } from "../../../codec/internal.js";
import type { TileWindows } from "./tile-windows.js";

/** A range of tiles in row-major order. */
export interface TileRange {
  readonly first: number;
  readonly count: number;
}

/** Normalization of training targets: (v - mean) / deviation, with v in [0, 1]. The three channels share it. */
export interface Normalization {
  readonly mean: number;
  readonly deviation: number;
}

/** A range of tiles of one group, and the pixels that they train on. */
export interface GroupTarget {
  readonly windows: TileWindows;
  readonly tiles: TileRange;
  readonly frameCount: number;
  readonly normalization: Normalization;
  /** 8-bit packed R'G'B' [frames, height, width, 3] of full frames, in shared memory if worker threads train. */
  readonly frames: Uint8Array;
  /** Width of the frames in pixels. */
  readonly frameWidth: number;
}

/** Returns the number of pixels per window. */
export const windowPixels = (windows: TileWindows): number => windows.width * windows.height;

/**
 * Returns the target as uint8 [frames x window pixels, tiles x 3]. Each row holds the colors of all tiles at one
 * position, so that graphs gather a sampled position as one contiguous row.
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

/** Yields the offset of each line of a tile's window in `frames`, frame by frame. */
export function* windowLines(target: GroupTarget, tile: number): Generator<number, void> {
  const { windows, tiles, frameCount, frames, frameWidth } = target;
  const index = tiles.first + tile;
  const { left, top } = windows;
  const corner = top[index] * frameWidth + left[index];
  for (let frame = 0; frame < frameCount; frame++) {
    const start = (frame * frames.length) / frameCount + corner * CHANNELS;
    for (let y = 0; y < windows.height; y++) yield start + y * frameWidth * CHANNELS;
  }
}

/** Bytes per block. The sum of their squares is below 2^31, so integer arithmetic is exact and fast. */
const BLOCK_BYTES = 8192;

/** Sums over the samples of some frames. */
export interface SampleSums {
  readonly sum: number;
  readonly squares: number;
  readonly count: number;
}

/**
 * Returns the normalization of frames whose samples were summed in parts. The deviation is at least 1 / 255, so that frames
 * of one color do not divide by 0.
 */
export function normalizationOf(parts: readonly SampleSums[]): Normalization {
  const total = { sum: 0, squares: 0, count: 0 };
  for (const { sum, squares, count } of parts) {
    total.sum += sum;
    total.squares += squares;
    total.count += count;
  }
  const mean = total.sum / total.count;
  const variance = Math.max(1, total.squares / total.count - mean * mean);
  return { mean: mean / 255, deviation: Math.sqrt(variance) / 255 };
}

/** Sums the samples of a group. */
export class PixelStatistics {
  #sum = 0;
  #squares = 0;
  #count = 0;

  push(frame: Uint8Array): void {
    for (let from = 0; from < frame.length; from += BLOCK_BYTES) {
      const end = Math.min(from + BLOCK_BYTES, frame.length);
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

  sums(): SampleSums {
    return { sum: this.#sum, squares: this.#squares, count: this.#count };
  }
}
