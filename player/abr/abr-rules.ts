import type { Size } from "../geometry/size.js";
import { estimateLoadSeconds, type LoadTimeEstimate, SIZE_EXPONENT } from "./load-time-estimate.js";

/** What decides the size of the next segment on a link that may be too slow for the exact one. */
export interface AffordableQuestion {
  /** The size that the screen has room for. */
  readonly exact: Size;
  /** The picture's shape, from which the heights below the exact size follow, the same for all viewers. */
  readonly shape: Size;
  /** null before anything has been measured. */
  readonly link: LoadTimeEstimate | null;
  /** Seconds of video in the segment. */
  readonly duration: number;
  /** Seconds that are buffered ahead of the picture; `Infinity` where nothing plays and so nothing can stall. */
  readonly ahead: number;
  /** The size of the segment before this one, where that was below the exact one. */
  readonly before: Size | null;
}

/** Widths below the exact one are multiples of this, so that viewers share the server's cache. */
export const WIDTH_STEP = 16;
/** Narrower than this a picture is not worth watching; a stall is then more honest. */
const MIN_WIDTH = 96;
/** A larger size than before must fit into this share of the time, lest it change back at once. */
const RISE_SHARE = 0.75;

/** Share of a segment's own duration that its arrival may take: nearly all of it on a full buffer, less on an empty one. */
export function timeShare(ahead: number): number {
  return 0.7 + 0.25 * Math.min(1, Math.max(0, (ahead - 0.5) / 2.5));
}

/** Share of that time left to the pixels where the way to the server alone takes longer: no size makes that shorter. */
const MIN_SHARE = 0.3;

/** The size below the exact one of this width, even and of the picture's shape. */
const sizeOfWidth = (width: number, shape: Size): Size => ({
  width,
  height: Math.max(2, 2 * Math.round((width * shape.height) / shape.width / 2)),
});

/**
 * The exact size where it arrives in time, else the largest whose width is a multiple of 16. The server gives no
 * rungs: any width can be had.
 */
export function affordableSize({ exact, shape, link, duration, ahead, before }: AffordableQuestion): Size {
  if (link === null || ahead === Number.POSITIVE_INFINITY) return exact;
  const area = ({ width, height }: Size) => width * height;
  const share = timeShare(ahead) * duration;
  const limit = Math.max(share, link.latency + MIN_SHARE * share);
  const arrivesInTime = (size: Size) => {
    const rises = before !== null && area(size) > area(before);
    return estimateLoadSeconds(area(size), duration, link) <= limit * (rises ? RISE_SHARE : 1);
  };
  if (arrivesInTime(exact)) return exact;
  const widest = WIDTH_STEP * Math.floor((exact.width - 1) / WIDTH_STEP);
  const min = Math.min(MIN_WIDTH, widest);
  if (widest < WIDTH_STEP) return exact;
  for (let width = widest; width > min; width -= WIDTH_STEP) {
    const size = sizeOfWidth(width, shape);
    if (arrivesInTime(size)) return size;
  }
  return sizeOfWidth(min, shape);
}

/** A segment on its way. */
export interface Underway {
  readonly size: Size;
  /** Seconds of video. */
  readonly duration: number;
  readonly bytesLoaded: number;
  readonly bytesTotal: number;
  /** Seconds since its first byte. */
  readonly transfer: number;
}

/**
 * A smaller size to ask for instead of what is on its way: where that would come too late for the buffer, and
 * something smaller much sooner, with what this says of the link. null to let it come.
 */
export function replacementSize(
  underway: Underway,
  question: AffordableQuestion,
): { readonly size: Size; readonly link: LoadTimeEstimate } | null {
  const { size, duration, bytesLoaded, bytesTotal, transfer } = underway;
  // The rate of a moment is noise.
  if (transfer < 0.3 || bytesLoaded <= 0 || bytesTotal <= bytesLoaded) return null;
  const bytesPerSecond = bytesLoaded / transfer;
  const remaining = (bytesTotal - bytesLoaded) / bytesPerSecond;
  if (remaining <= question.ahead - 0.2) return null;
  const pixels = size.width * size.height;
  const link: LoadTimeEstimate = {
    latency: question.link?.latency ?? 0,
    computing: question.link?.computing ?? 0,
    bytesPerSecond,
    density: bytesTotal / (pixels ** SIZE_EXPONENT * duration),
  };
  const smaller = affordableSize({ ...question, link, before: size });
  const area = smaller.width * smaller.height;
  const sooner = area < pixels && estimateLoadSeconds(area, duration, link) < 0.6 * remaining;
  return sooner ? { size: smaller, link } : null;
}
