import type { TileWindows } from "./tile-windows.js";

/**
 * The pixels of one group as training reads them: uint8 [frames x window pixels, tiles x 3], so that one
 * sampled position is one contiguous row with the colours of all tiles.
 */
export class GroupTarget {
  readonly windows: TileWindows;
  readonly frameCount: number;
  readonly tiles: number;
  /** [frames x pixels, tiles x 3]. */
  readonly rows: Uint8Array;
  readonly #pictureWidth: number;
  readonly #sums = [0, 0, 0];
  readonly #squares = [0, 0, 0];
  #frames = 0;

  constructor(windows: TileWindows, frameCount: number, pictureWidth: number) {
    this.windows = windows;
    this.frameCount = frameCount;
    this.tiles = windows.left.length * windows.top.length;
    this.rows = new Uint8Array(frameCount * this.pixels * this.tiles * 3);
    this.#pictureWidth = pictureWidth;
  }

  /** Pixels of one window. */
  get pixels(): number {
    return this.windows.width * this.windows.height;
  }

  get complete(): boolean {
    return this.#frames === this.frameCount;
  }

  /** Adds the next frame: packed R'G'B', width x height x 3 bytes. */
  push(frame: Uint8Array): void {
    const { left, top, width, height } = this.windows;
    const stride = this.tiles * 3;
    const base = this.#frames * this.pixels * stride;
    for (let y = 0; y < height; y++) {
      for (let r = 0; r < top.length; r++) {
        const line = (top[r] + y) * this.#pictureWidth;
        for (let c = 0; c < left.length; c++) {
          let from = (line + left[c]) * 3;
          let to = base + y * width * stride + (r * left.length + c) * 3;
          for (let x = 0; x < width; x++) {
            this.rows[to] = frame[from];
            this.rows[to + 1] = frame[from + 1];
            this.rows[to + 2] = frame[from + 2];
            from += 3;
            to += stride;
          }
        }
      }
    }
    this.#measure(frame);
    this.#frames++;
  }

  #measure(frame: Uint8Array): void {
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      let squares = 0;
      for (let i = c; i < frame.length; i += 3) {
        sum += frame[i];
        squares += frame[i] * frame[i];
      }
      const pixels = frame.length / 3;
      this.#sums[c] += sum / pixels;
      this.#squares[c] += squares / pixels;
    }
  }

  /** Mean and deviation of all values pushed so far, in [0, 1]; one pair for the three channels. */
  statistics(): { mean: number; deviation: number } {
    const count = 3 * this.#frames;
    const mean = this.#sums.reduce((a, b) => a + b) / count;
    const variance = this.#squares.reduce((a, b) => a + b) / count - mean * mean;
    return { mean: mean / 255, deviation: Math.sqrt(Math.max(variance, 1)) / 255 };
  }
}
