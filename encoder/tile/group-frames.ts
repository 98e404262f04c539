import { CHANNELS, type TileNetwork } from "../../codec/internal.js";
import type { FrameSpan } from "../job/training-loop.js";
import { type GroupTarget, PixelStatistics, type TileRange } from "../training/sampling/group-target.js";
import { tileWindows } from "../training/sampling/tile-windows.js";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The frames of a group in memory. */
export interface LoadedFrames {
  /** Training targets of the tasks, one per range of tiles. */
  readonly targets: readonly GroupTarget[];
  /** Packed R'G'B' [frames, height, width, 3] in shared memory. */
  readonly frames: Uint8Array<SharedArrayBuffer>;
}

/**
 * Shared memory for the frames of groups, which is reused from group to group. Worker threads rarely collect garbage, so a
 * buffer stays in memory long after a thread has last used it.
 */
export class FrameBuffers {
  readonly #bytes: number;
  readonly #free: SharedArrayBuffer[] = [];

  /** @param maxFrames number of frames in the longest group */
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
export interface GroupFramesRequest {
  readonly network: TileNetwork;
  /** Size of the frames in pixels. */
  readonly size: Size;
  readonly span: FrameSpan;
  readonly ranges: readonly TileRange[];
  /** Memory for the frames; default: a new buffer. */
  readonly buffer?: SharedArrayBuffer;
}

/**
 * Reads the frames of a group, which are the next frames of `source`.
 * @throws RangeError if `source` ends early
 */
export async function loadGroupFrames(
  source: AsyncIterator<Uint8Array>,
  { network, size, span, ranges, buffer }: GroupFramesRequest,
): Promise<LoadedFrames> {
  const { frameCount } = span;
  const frameBytes = size.width * size.height * CHANNELS;
  const length = frameBytes * frameCount;
  const frames = new Uint8Array(buffer ?? new SharedArrayBuffer(length), 0, length);
  const statistics = new PixelStatistics();
  for (let index = 0; index < frameCount; index++) {
    const next = await source.next();
    if (next.done) throw new RangeError(`the video ended before frame ${span.firstFrame + index}`);
    frames.set(next.value, index * frameBytes);
    statistics.push(next.value);
  }
  const windows = tileWindows(network, size.width, size.height);
  const normalization = statistics.normalization();
  const targets = ranges.map((tiles) => ({
    windows,
    frameCount,
    normalization,
    frames,
    frameWidth: size.width,
    tiles,
  }));
  return { targets, frames };
}
