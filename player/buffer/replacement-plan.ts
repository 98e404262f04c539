import { type Region, sameRegion } from "../geometry/region.js";
import { isNotableChange, type Size, sameSize } from "../geometry/size.js";
import { BUFFER_AHEAD_SECONDS } from "../playback/buffered.js";

/** A buffered video segment; times in seconds. */
export interface BufferedSegment {
  /** Position in the playlist, counted from 0. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Size of its frames, in output pixels. */
  readonly size: Size;
  /** In source pixels; null is the full frame. */
  readonly region: Region | null;
  /** The size that filled the display when it was requested; larger than `size` if the connection was too slow. */
  readonly exactSize: Size;
  /** Whether it shows an older version of the video. */
  readonly superseded?: boolean;
}

/** The state of playback; times in seconds of the video. */
export interface Playhead {
  readonly currentTime: number;
  readonly paused: boolean;
  readonly playbackRate: number;
  /** End of the buffered range around `currentTime`. */
  readonly bufferedEnd: number;
  /** End of the last frame; the audio may be longer. */
  readonly videoEnd: number;
  readonly loop: boolean;
}

/** What to request now, and how long it is expected to take. */
export interface ReplacementContext {
  readonly exactSize: Size;
  readonly region: Region | null;
  /** A segment must be buffered this many seconds before it plays: closer frames may already be decoded. */
  readonly decodeMargin: number;
  /** Returns the size to request for a segment of this duration in seconds. */
  sizeFor(duration: number): Size;
  /** Returns the expected load time of a segment, in seconds. */
  expectedLoadSeconds(size: Size, duration: number): number;
}

export interface ReplacementPlan {
  readonly segment: BufferedSegment;
  readonly size: Size;
}

/** Seconds that must be buffered ahead before a replacement may start. */
const MIN_BUFFER_TO_START = 1.5;
/** Seconds of buffer below which a running replacement is canceled in favor of the next segment. */
const MIN_BUFFER_TO_CONTINUE = 1;
/** Safety factor for the expected load time: a segment that arrives too late wastes the server's work. */
const ARRIVAL_SAFETY_FACTOR = 1.5;
/** Minimum seconds to allow for loading. */
const MIN_LEAD_SECONDS = 0.25;

const isFullyBuffered = ({ bufferedEnd, videoEnd }: Playhead) => bufferedEnd >= videoEnd - 0.25;
const bufferAhead = ({ currentTime, playbackRate, bufferedEnd }: Playhead) =>
  (bufferedEnd - currentTime) / playbackRate;

/** Returns whether the buffer is so low that a replacement must leave the network and the server to the next segment. */
export const shouldYield = (playhead: Playhead): boolean =>
  !playhead.paused && !isFullyBuffered(playhead) && bufferAhead(playhead) < MIN_BUFFER_TO_CONTINUE;

/**
 * Returns the seconds until a segment starts to play. Negative if it is playing or lies behind the playhead; `Infinity`
 * if the video is paused before its end.
 */
export function secondsUntilPlayed(
  { start, end }: Pick<BufferedSegment, "start" | "end">,
  playhead: Playhead,
): number {
  const { currentTime, paused, playbackRate, videoEnd, loop } = playhead;
  // At the end, and beyond it if the audio is longer, the last frame stays visible.
  if (paused) return currentTime < end || end > videoEnd - 0.01 ? Number.POSITIVE_INFINITY : -1;
  const wrapAround = loop && end <= currentTime ? videoEnd : 0;
  return (start + wrapAround - currentTime) / playbackRate;
}

/** Returns whether the region has changed since the segment was requested, or the exact size by more than a few pixels. */
export const isOutdated = (
  segment: BufferedSegment,
  { exactSize, region }: Pick<ReplacementContext, "exactSize" | "region">,
): boolean => !sameRegion(segment.region, region) || isNotableChange(segment.exactSize, exactSize);

/** Returns the size to replace a segment at, or null if it can stay. */
function replacementSize(
  segment: BufferedSegment,
  playhead: Playhead,
  context: ReplacementContext,
): Size | null {
  const { exactSize, region, sizeFor } = context;
  const isIdle =
    isFullyBuffered(playhead) || (playhead.paused && bufferAhead(playhead) >= BUFFER_AHEAD_SECONDS);
  // A visible paused frame is replaced even if its size differs by only a few pixels.
  const isVisible = playhead.paused && segment.start <= playhead.currentTime;
  const needsUpdate = isOutdated(segment, context) || (isVisible && !sameSize(segment.exactSize, exactSize));
  if (needsUpdate) {
    const size = sizeFor(segment.end - segment.start);
    if (!sameRegion(segment.region, region) || !sameSize(size, segment.size)) return size;
  }
  const isReduced = !sameSize(segment.size, needsUpdate ? exactSize : segment.exactSize);
  return isIdle && (isReduced || segment.superseded) ? exactSize : null;
}

/**
 * Returns the next buffered segment to request again, or null. This is the first segment that can arrive in time and
 * whose region or size differs from the current one. When nothing is left to load, segments that a slow connection has
 * reduced, and those of an older version of the video, are replaced at the exact size, too.
 */
export function nextReplacement(
  buffered: readonly BufferedSegment[],
  playhead: Playhead,
  context: ReplacementContext,
): ReplacementPlan | null {
  const { decodeMargin, expectedLoadSeconds } = context;
  if (!playhead.paused && !isFullyBuffered(playhead) && bufferAhead(playhead) < MIN_BUFFER_TO_START)
    return null;
  const candidates = buffered
    .map((segment) => ({ segment, seconds: secondsUntilPlayed(segment, playhead) }))
    .filter(({ seconds }) => seconds >= decodeMargin + MIN_LEAD_SECONDS)
    .sort((a, b) => a.seconds - b.seconds || a.segment.start - b.segment.start);
  for (const { segment, seconds } of candidates) {
    const size = replacementSize(segment, playhead, context);
    if (size === null) continue;
    const loadSeconds = ARRIVAL_SAFETY_FACTOR * expectedLoadSeconds(size, segment.end - segment.start);
    if (decodeMargin + loadSeconds <= seconds) return { segment, size };
  }
  return null;
}
