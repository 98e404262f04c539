import type { Region } from "../../codec/internal.js";

/** A decoded frame. */
export interface DecodedFrame {
  /** Index in the video. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  /** In source pixels. */
  readonly region: Region;
  /** Whether it has one sample per pixel. */
  readonly draft: boolean;
  /** RGBA, width x height x 4 bytes. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Counts changes of size or region. A frame of an older version is shown until a newer one is decoded. */
  readonly version: number;
  /** Counts changes of the region only. */
  readonly regionVersion: number;
}

/** Decoded frames ahead of the visible one. */
export class FrameStore {
  readonly #frames = new Map<number, DecodedFrame>();
  readonly #recycle: (pixels: Uint8ClampedArray<ArrayBuffer>) => void;

  /** @param recycle takes the memory of evicted frames */
  constructor(recycle: (pixels: Uint8ClampedArray<ArrayBuffer>) => void) {
    this.#recycle = recycle;
  }

  get(index: number): DecodedFrame | undefined {
    return this.#frames.get(index);
  }

  /** Stores a frame, unless a newer version of it is stored. */
  put(frame: DecodedFrame): void {
    const existing = this.#frames.get(frame.index);
    if (existing !== undefined && existing.version > frame.version) {
      this.#recycle(frame.pixels);
      return;
    }
    if (existing !== undefined) this.#recycle(existing.pixels);
    this.#frames.set(frame.index, frame);
  }

  /** Evicts all frames but the `count` frames from `first` on, wrapping around after `frameCount`. */
  evictOutside(first: number, count: number, frameCount: number): void {
    for (const [index, { pixels }] of this.#frames) {
      if ((index - first + frameCount) % frameCount < count) continue;
      this.#frames.delete(index);
      this.#recycle(pixels);
    }
  }
}
