import { CHANNELS, type TileNetwork } from "../../codec/internal.js";
import { PixelStatistics, type SampleSums, type TileRange } from "../training/sampling/group-target.js";
import { tileWindows } from "../training/sampling/tile-windows.js";
import type { BlockTarget } from "./spans.js";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The frames of a block in memory. */
export interface LoadedFrames {
  /** Training targets of the tasks, one per range of tiles. */
  readonly targets: readonly BlockTarget[];
  /** Packed R'G'B' [frames, height, width, 3] in shared memory. */
  readonly frames: Uint8Array<SharedArrayBuffer>;
}

/**
 * Shared memory for the frames of blocks, which is reused from block to block. Worker threads rarely collect garbage, so a
 * buffer stays in memory long after a thread has last used it.
 */
export class FrameBuffers {
  readonly #bytes: number;
  readonly #free: SharedArrayBuffer[] = [];

  /** @param maxFrames number of frames in the longest block */
  constructor(maxFrames: number, { width, height }: Size) {
    this.#bytes = maxFrames * width * height * CHANNELS;
  }

  take(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(this.#bytes);
  }

  release(buffer: SharedArrayBuffer): void {
    this.#free.push(buffer);
  }
}

/** The frames to load, and the tasks that train on them. */
export interface BlockFramesRequest {
  readonly network: TileNetwork;
  /** Size of the frames in pixels. */
  readonly size: Size;
  readonly firstFrame: number;
  /** Frames of each group of the block. */
  readonly frameCounts: readonly number[];
  readonly ranges: readonly TileRange[];
  /** Memory for the frames; default: a new buffer. */
  readonly buffer?: SharedArrayBuffer;
}

/**
 * Reads the frames of a block of groups, which are the next frames of `source`.
 * @throws RangeError if `source` ends early
 */
export async function loadBlockFrames(
  source: AsyncIterator<Uint8Array>,
  { network, size, firstFrame, frameCounts, ranges, buffer }: BlockFramesRequest,
): Promise<LoadedFrames> {
  const frameCount = frameCounts.reduce((sum, count) => sum + count, 0);
  const frameBytes = size.width * size.height * CHANNELS;
  const length = frameBytes * frameCount;
  const frames = new Uint8Array(buffer ?? new SharedArrayBuffer(length), 0, length);
  const sums: SampleSums[] = [];
  let index = 0;
  for (const count of frameCounts) {
    const statistics = new PixelStatistics();
    for (const end = index + count; index < end; index++) {
      const next = await source.next();
      if (next.done) throw new RangeError(`the video ended before frame ${firstFrame + index}`);
      frames.set(next.value, index * frameBytes);
      statistics.push(next.value);
    }
    sums.push(statistics.sums());
  }
  const windows = tileWindows(network, size.width, size.height);
  const block = { windows, frameCounts, sums, frames, frameWidth: size.width };
  return { targets: ranges.map((tiles) => ({ ...block, tiles })), frames };
}
