import { type Region, sameRegion } from "../geometry/region.js";
import { isNotableChange, type Size, sameSize } from "../geometry/size.js";
import { LOADED_AHEAD } from "../playback/buffered.js";

/** A segment of the picture that is buffered; times in seconds. */
export interface BufferedSegment {
  /** Counted from 0 in the playlist. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly size: Size;
  readonly region: Region | null;
  /** What was wanted when it was asked for: more than `size` where the link did not afford it. */
  readonly exact: Size;
}

/** How playing stands; times in seconds of the video. */
export interface Playhead {
  readonly currentTime: number;
  readonly paused: boolean;
  /** Seconds of the video in one second. */
  readonly rate: number;
  /** End of what is buffered in one piece. */
  readonly bufferedEnd: number;
  /** Where the last frame ends; the sound may be longer. */
  readonly endOfVideo: number;
  readonly loops: boolean;
}

/** What is wanted at this moment, and what it may be expected to take. */
export interface ReplacementQuestion {
  readonly exact: Size;
  readonly region: Region | null;
  /** Seconds before it plays at which a segment must be there: what is being decoded cannot be replaced any more. */
  readonly margin: number;
  /** The size to ask for, as for any other segment of this duration. */
  affordable(duration: number): Size;
  /** Seconds until a segment of this size has arrived. */
  expected(size: Size, duration: number): number;
}

export interface ReplacementPlan {
  readonly segment: BufferedSegment;
  readonly size: Size;
}

/** Seconds that must be buffered before anything but what comes next is asked for. */
const RESERVE = 1.5;
/** Fewer than this, and what was asked for gives way to what comes next. */
const MIN_RESERVE = 1;
/** Times the expected arrival that is left for it, and the least in seconds: what comes too late was computed in vain. */
const PATIENCE = 1.5;
const MIN_ARRIVAL = 0.25;

const isComplete = ({ bufferedEnd, endOfVideo }: Playhead) => bufferedEnd >= endOfVideo - 0.25;
const ahead = ({ currentTime, rate, bufferedEnd }: Playhead) => (bufferedEnd - currentTime) / rate;

/** Whether loading ahead needs all there is of the link and the server. */
export const givesWay = (playhead: Playhead): boolean =>
  !playhead.paused && !isComplete(playhead) && ahead(playhead) < MIN_RESERVE;

/** Seconds until the segment begins to play; negative where it is playing or behind, `Infinity` where nothing plays. */
export function secondsUntil(
  { start, end }: Pick<BufferedSegment, "start" | "end">,
  playhead: Playhead,
): number {
  const { currentTime, paused, rate, endOfVideo, loops } = playhead;
  // What is seen at the end, and behind it where the sound is longer, is the last frame.
  if (paused) return currentTime < end || end > endOfVideo - 0.01 ? Number.POSITIVE_INFINITY : -1;
  const around = loops && end <= currentTime ? endOfVideo : 0;
  return (start + around - currentTime) / rate;
}

/** Whether another region or, by more than a few pixels, another size is wanted than when it was asked for. */
export const hasChanged = (
  held: BufferedSegment,
  { exact, region }: Pick<ReplacementQuestion, "exact" | "region">,
): boolean => !sameRegion(held.region, region) || isNotableChange(held.exact, exact);

/**
 * The next segment to ask for again, to be put over the one that is buffered: the first that can be there in time and
 * is of another region or size than is wanted by now. Where nothing is left to load, so is what came at fewer pixels
 * than wanted, for the link was slow. null where there is none.
 */
export function nextReplacement(
  held: readonly BufferedSegment[],
  playhead: Playhead,
  question: ReplacementQuestion,
): ReplacementPlan | null {
  const { exact, region, margin, affordable, expected } = question;
  const isIdle = isComplete(playhead) || (playhead.paused && ahead(playhead) >= LOADED_AHEAD);
  if (!playhead.paused && !isComplete(playhead) && ahead(playhead) < RESERVE) return null;
  const sizeFor = (segment: BufferedSegment): Size | null => {
    // Nobody is to look at a few pixels too many or too few for long.
    const isShown = playhead.paused && segment.start <= playhead.currentTime;
    const changed = hasChanged(segment, question) || (isShown && !sameSize(segment.exact, exact));
    if (changed) {
      const size = affordable(segment.end - segment.start);
      if (!sameRegion(segment.region, region) || !sameSize(size, segment.size)) return size;
    }
    const isReduced = !sameSize(segment.size, changed ? exact : segment.exact);
    return isIdle && isReduced ? exact : null;
  };
  const byTime = held
    .map((segment) => ({ segment, until: secondsUntil(segment, playhead) }))
    .filter(({ until }) => until >= margin + MIN_ARRIVAL)
    .sort((a, b) => a.until - b.until || a.segment.start - b.segment.start);
  for (const { segment, until } of byTime) {
    const size = sizeFor(segment);
    if (size === null) continue;
    if (margin + PATIENCE * expected(size, segment.end - segment.start) <= until) return { segment, size };
  }
  return null;
}
