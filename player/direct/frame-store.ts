import type { Region } from "../../codec/internal.js";

/** One decoded picture. */
export interface Frame {
  /** In the video. */
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly region: Region;
  /** Of one sample a pixel. */
  readonly draft: boolean;
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Counts the changes of what is asked for: a picture of an earlier one is shown only until the later is there. */
  readonly version: number;
  /** Counts the changes of region alone. */
  readonly view: number;
}

/** Decoded pictures ahead of the one on screen. */
export class FrameStore {
  readonly #frames = new Map<number, Frame>();
  readonly #recycle: (pixels: Uint8ClampedArray<ArrayBuffer>) => void;

  constructor(recycle: (pixels: Uint8ClampedArray<ArrayBuffer>) => void) {
    this.#recycle = recycle;
  }

  get count(): number {
    return this.#frames.size;
  }

  /** Bytes of all pictures. */
  get bytes(): number {
    let sum = 0;
    for (const { pixels } of this.#frames.values()) sum += pixels.length;
    return sum;
  }

  get(index: number): Frame | undefined {
    return this.#frames.get(index);
  }

  /** Keeps a picture, unless there is a later one of the same frame. */
  put(frame: Frame): void {
    const present = this.#frames.get(frame.index);
    if (present !== undefined && present.version > frame.version) {
      this.#recycle(frame.pixels);
      return;
    }
    if (present !== undefined) this.#recycle(present.pixels);
    this.#frames.set(frame.index, frame);
  }

  /** Lets go all frames but the `count` from `first` on; behind the last comes the first again. */
  keep(first: number, count: number, frameCount: number): void {
    for (const [index, { pixels }] of this.#frames) {
      if ((index - first + frameCount) % frameCount < count) continue;
      this.#frames.delete(index);
      this.#recycle(pixels);
    }
  }
}
