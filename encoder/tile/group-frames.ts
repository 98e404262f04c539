import { CHANNELS, type TileNetwork } from "../../codec/internal.js";
import type { PlannedGroup } from "../plan/groups.js";
import { type GroupTarget, PixelStatistics, type TileRange } from "./group-target.js";
import { tileWindows } from "./windows.js";

/** A group in memory: what each job trains on, and the frames to measure against. */
export interface LoadedFrames {
  /** One a run of tiles. */
  readonly targets: readonly GroupTarget[];
  /** Packed R'G'B' [frames, height, width, 3] in shared memory. */
  readonly frames: Uint8Array;
}

/**
 * Shared memory for the frames of groups of at most `frameCount` frames, used again and again: threads hardly
 * collect garbage, so that what each has seen once stays in memory long after.
 */
export class FrameBuffers {
  readonly #bytes: number;
  readonly #free: SharedArrayBuffer[] = [];

  constructor(frameCount: number, frame: { readonly width: number; readonly height: number }) {
    this.#bytes = frameCount * frame.width * frame.height * CHANNELS;
  }

  take(): SharedArrayBuffer {
    return this.#free.pop() ?? new SharedArrayBuffer(this.#bytes);
  }

  release(memory: SharedArrayBuffer): void {
    this.#free.push(memory);
  }
}

/** Reads the next `group.frameCount` frames of `source` into `memory`, or into new memory. */
export async function loadGroupFrames(
  source: AsyncIterator<Uint8Array>,
  group: PlannedGroup,
  network: TileNetwork,
  ranges: readonly TileRange[],
  frame: { readonly width: number; readonly height: number },
  memory?: SharedArrayBuffer,
): Promise<LoadedFrames> {
  const windows = tileWindows(network, frame.width, frame.height);
  const bytes = frame.width * frame.height * CHANNELS;
  const length = bytes * group.frameCount;
  const frames = new Uint8Array(memory ?? new SharedArrayBuffer(length), 0, length);
  const statistics = new PixelStatistics();
  for (let index = 0; index < group.frameCount; index++) {
    const next = await source.next();
    if (next.done) throw new RangeError(`the video ended before frame ${group.firstFrame + index}`);
    frames.set(next.value, index * bytes);
    statistics.push(next.value);
  }
  const normalization = statistics.normalization();
  const { frameCount } = group;
  const shared = { windows, frameCount, normalization, frames, frameWidth: frame.width };
  const targets = ranges.map((tiles) => ({ ...shared, tiles }));
  return { targets, frames };
}
