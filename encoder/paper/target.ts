import { CHANNELS } from "../../codec/internal.js";

/** Frames that are trained together, with the normalization of each. */
export interface PaperTarget {
  readonly width: number;
  readonly height: number;
  readonly frameCount: number;
  /** Packed R'G'B' [frames, height, width, 3]. The buffer moves to the worker that trains. */
  readonly frames: Uint8Array<ArrayBuffer>;
  /** The frames before noise was added; undefined without noise. */
  readonly clean: Uint8Array<ArrayBuffer> | undefined;
  /** [frames]: training targets are (v - mean) / deviation, with v in [0, 1]. */
  readonly mean: Float32Array;
  /** [frames]: standard deviation of each frame. */
  readonly deviation: Float32Array;
}

/**
 * Reads the next `frameCount` frames of `source`.
 * @param addNoise adds noise to a frame in place; `index` counts from the first frame read
 * @throws RangeError if `source` ends early
 */
export async function loadPaperTarget(
  source: AsyncIterator<Uint8Array>,
  frameCount: number,
  size: { readonly width: number; readonly height: number },
  addNoise?: (frame: Uint8Array, index: number) => void,
): Promise<PaperTarget> {
  const { width, height } = size;
  const frameBytes = width * height * CHANNELS;
  const frames = new Uint8Array(frameBytes * frameCount);
  const clean = addNoise === undefined ? undefined : new Uint8Array(frames.length);
  const mean = new Float32Array(frameCount);
  const deviation = new Float32Array(frameCount);
  for (let f = 0; f < frameCount; f++) {
    const next = await source.next();
    if (next.done) throw new RangeError(`the video ended ${frameCount - f} frames early`);
    const frame = frames.subarray(f * frameBytes, (f + 1) * frameBytes);
    frame.set(next.value);
    clean?.set(next.value, f * frameBytes);
    addNoise?.(frame, f);
    const statistics = frameStatistics(frame);
    mean[f] = statistics.mean;
    deviation[f] = statistics.deviation;
  }
  return { width, height, frameCount, frames, clean, mean, deviation };
}

/** Returns the mean and deviation of a frame in [0, 1]. The deviation is at least 1 / 255, because it is a divisor. */
function frameStatistics(frame: Uint8Array): { mean: number; deviation: number } {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < frame.length; i++) {
    sum += frame[i];
    squares += frame[i] * frame[i];
  }
  const mean = sum / frame.length;
  const variance = Math.max(1, squares / frame.length - mean * mean);
  return { mean: mean / 255, deviation: Math.sqrt(variance) / 255 };
}
