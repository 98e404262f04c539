import type { Size } from "../geometry/size.js";
import type { SegmentInFlight } from "../playback/segment.js";
import { estimateLoadSeconds, type LoadTimeEstimate, SIZE_EXPONENT } from "./load-time-estimate.js";

/** What the choice of a segment's size depends on. */
export interface AbrContext {
  /** The size that fills the display, in output pixels. */
  readonly exactSize: Size;
  /** Aspect ratio of the frame. It determines the height of smaller sizes, so that viewers request the same ones. */
  readonly aspect: Size;
  /** null before anything has been measured. */
  readonly estimate: LoadTimeEstimate | null;
  /** Seconds of video in the segment. */
  readonly duration: number;
  /** Seconds buffered ahead of the playhead; `Infinity` if playback cannot stall, such as while it is paused. */
  readonly bufferAhead: number;
  /** The size of the previous segment if it was below the exact size, else null. */
  readonly previous: Size | null;
}

/** Widths below the exact size are multiples of this, in pixels, so that viewers share cached segments. */
export const WIDTH_STEP = 16;
/** Minimum width in pixels. Below it the video is unrecognizable, and a stall is preferable. */
const MIN_WIDTH = 96;
/** A switch to a larger size must load within this share of the time limit, so that sizes do not oscillate. */
const UPSWITCH_SHARE = 0.75;
/**
 * Minimum share of the time budget for computation and transfer, even if latency uses up the budget: fewer pixels do
 * not reduce latency.
 */
const MIN_TRANSFER_SHARE = 0.3;
/** A download is abandoned only if the smaller segment loads within this share of the download's remaining time. */
const ABANDON_SHARE = 0.6;

/** Returns the share of a segment's duration that loading may take: 0.7 with an empty buffer, 0.95 with a full one. */
export function maxLoadShare(bufferAhead: number): number {
  return 0.7 + 0.25 * Math.min(1, Math.max(0, (bufferAhead - 0.5) / 2.5));
}

const pixelCount = ({ width, height }: Size) => width * height;

/** Returns the size with this width and the frame's aspect ratio. The height is even. */
const sizeOfWidth = (width: number, aspect: Size): Size => ({
  width,
  height: Math.max(2, 2 * Math.round((width * aspect.height) / aspect.width / 2)),
});

/**
 * Chooses the exact size if it loads in time, else the largest size that does, in steps of 16 pixels of width. There
 * is no bitrate ladder: the server renders any width.
 */
export function chooseSize(context: AbrContext): Size {
  const { exactSize, aspect, estimate, duration, bufferAhead, previous } = context;
  if (estimate === null || bufferAhead === Number.POSITIVE_INFINITY) return exactSize;
  const budget = maxLoadShare(bufferAhead) * duration;
  const limit = Math.max(budget, estimate.latency + MIN_TRANSFER_SHARE * budget);
  const loadsInTime = (size: Size) => {
    const isUpswitch = previous !== null && pixelCount(size) > pixelCount(previous);
    const share = isUpswitch ? UPSWITCH_SHARE : 1;
    return estimateLoadSeconds(pixelCount(size), duration, estimate) <= limit * share;
  };
  if (loadsInTime(exactSize)) return exactSize;
  const widest = WIDTH_STEP * Math.floor((exactSize.width - 1) / WIDTH_STEP);
  if (widest < WIDTH_STEP) return exactSize;
  const minWidth = Math.min(MIN_WIDTH, widest);
  for (let width = widest; width > minWidth; width -= WIDTH_STEP) {
    const size = sizeOfWidth(width, aspect);
    if (loadsInTime(size)) return size;
  }
  return sizeOfWidth(minWidth, aspect);
}

/**
 * Decides whether to abandon a download, as dash.js's AbandonRequestsRule does. Returns the smaller size to request
 * instead and the estimate behind it, if the download would drain the buffer and the smaller one finishes much sooner.
 * Returns null to let the download finish.
 */
export function abandonRule(
  inFlight: SegmentInFlight,
  context: AbrContext,
): { readonly size: Size; readonly estimate: LoadTimeEstimate } | null {
  const { size, duration, bytesLoaded, bytesTotal, transferSeconds } = inFlight;
  // Too early to measure the transfer rate.
  if (transferSeconds < 0.3 || bytesLoaded <= 0 || bytesTotal <= bytesLoaded) return null;
  const bytesPerSecond = bytesLoaded / transferSeconds;
  const remaining = (bytesTotal - bytesLoaded) / bytesPerSecond;
  if (remaining <= context.bufferAhead - 0.2) return null;
  const estimate: LoadTimeEstimate = {
    latency: context.estimate?.latency ?? 0,
    computeSeconds: context.estimate?.computeSeconds ?? 0,
    bytesPerSecond,
    byteDensity: bytesTotal / (pixelCount(size) ** SIZE_EXPONENT * duration),
  };
  const smaller = chooseSize({ ...context, estimate, previous: size });
  const isSooner =
    pixelCount(smaller) < pixelCount(size) &&
    estimateLoadSeconds(pixelCount(smaller), duration, estimate) < ABANDON_SHARE * remaining;
  return isSooner ? { size: smaller, estimate } : null;
}
