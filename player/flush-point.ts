import type { Size } from "./size.js";

/** A segment on the time line, in seconds. */
export interface SegmentSpan {
  readonly start: number;
  readonly end: number;
}

/** Seconds on top of the expected computing time, for the request itself and for appending. */
const REQUEST_MARGIN = 0.3;
/** Seconds that always stay: the first segments of a film are short, and a busy machine is late. */
const LEAST_AHEAD = 1;

/**
 * Where to cut the buffer after a change of size: behind the segment that is playing and the one after it,
 * and behind as many more as it takes to compute a new one meanwhile. null where nothing is buffered there.
 *
 * @param computing seconds that a segment of the new size is expected to take
 */
export function flushPoint(
  segments: readonly SegmentSpan[],
  currentTime: number,
  bufferedEnd: number,
  computing: number,
): number | null {
  const playing = segments.findIndex((segment) => currentTime < segment.end);
  if (playing < 0) return null;
  const enough = currentTime + Math.max(LEAST_AHEAD, computing + REQUEST_MARGIN);
  const cut = segments.find((segment, index) => index >= playing + 2 && segment.start >= enough);
  // A few milliseconds of a segment are not worth a flush.
  return cut !== undefined && cut.start < bufferedEnd - 0.05 ? cut.start : null;
}

/**
 * How long segments take to arrive, from the slow ones of the last few: one from a cache says nothing. The
 * slowest is left out, since the first of a film also warms up the server.
 */
export class ComputingTime {
  readonly #secondsPerPixel: number[] = [];

  add(size: Size, seconds: number): void {
    this.#secondsPerPixel.push(seconds / (size.width * size.height));
    if (this.#secondsPerPixel.length > 6) this.#secondsPerPixel.shift();
  }

  /** Seconds for a segment of this size; 0 before the first has arrived. */
  expected(size: Size): number {
    const slowestFirst = [...this.#secondsPerPixel].sort((a, b) => b - a);
    return (slowestFirst[1] ?? slowestFirst[0] ?? 0) * size.width * size.height;
  }
}
