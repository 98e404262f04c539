import { type Size, sameSize } from "../geometry/size.js";
import { bufferedEnd } from "../playback/buffered.js";
import type { LoadedSegment, SegmentInFlight } from "../playback/segment.js";
import type { PlaybackOptions } from "../playback/transport.js";
import { type AbrContext, abandonRule, chooseSize } from "./abr-rules.js";
import {
  estimateLoadSeconds,
  type LoadTimeEstimate,
  LoadTimeEstimator,
  toLoadTimeSample,
} from "./load-time-estimate.js";

/**
 * Videos up to this length, in seconds, are buffered completely at the start. Every reduced segment would be loaded
 * again at the exact size, so these videos start at the exact size even if playback stalls.
 */
const SHORT_VIDEO_SECONDS = 6;

/** Chooses each segment's size: the exact size, or what the connection can load without a stall. */
export class AbrController {
  readonly #options: PlaybackOptions;
  readonly #estimator = new LoadTimeEstimator();
  #previous: Size | null = null;
  /** The estimate from an abandoned download; used until a segment has loaded. */
  #inFlightEstimate: LoadTimeEstimate | null = null;

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  onSegmentLoaded(segment: LoadedSegment): void {
    this.#inFlightEstimate = null;
    this.#estimator.addSample(toLoadTimeSample(segment));
  }

  /** Chooses the size of the next segment to request, which lasts `duration` seconds. */
  chooseNext(duration: number): Size {
    const context = this.#context(duration);
    const size = chooseSize(context);
    this.#previous = sameSize(size, context.exactSize) ? null : size;
    return size;
  }

  /** Returns the size for another segment of `duration` seconds. Does not affect `chooseNext`. */
  sizeFor(duration: number): Size {
    return chooseSize(this.#context(duration));
  }

  /** Returns the expected load time of a segment, in seconds; 0 before anything has loaded. */
  expectedLoadSeconds({ width, height }: Size, duration: number): number {
    const { estimate } = this.#context(duration);
    return estimate === null ? 0 : estimateLoadSeconds(width * height, duration, estimate);
  }

  /** Returns whether to abandon a download and request the segment again with fewer pixels. */
  shouldAbandon(inFlight: SegmentInFlight): boolean {
    const replacement = abandonRule(inFlight, this.#context(inFlight.duration));
    if (replacement === null) return false;
    this.#inFlightEstimate = replacement.estimate;
    return true;
  }

  #context(duration: number): AbrContext {
    const { video, info, requestedSize, requestedRegion, allowsDownscaling } = this.#options;
    const isAutoplayPending = video.autoplay && video.played.length === 0;
    const cannotStall =
      (video.paused && !isAutoplayPending) ||
      allowsDownscaling?.() === false ||
      info.duration <= SHORT_VIDEO_SECONDS;
    const exactSize = requestedSize();
    const source = requestedRegion() ?? info;
    const stretch = (exactSize.width * source.height) / (exactSize.height * source.width);
    return {
      exactSize,
      // With `object-fit: fill`, the frame takes the aspect ratio of its box.
      aspect: Math.abs(stretch - 1) < 0.03 ? source : exactSize,
      estimate: this.#inFlightEstimate ?? this.#estimator.estimate(exactSize.width * exactSize.height),
      duration,
      bufferAhead: cannotStall ? Number.POSITIVE_INFINITY : bufferedEnd(video) - video.currentTime,
      previous: this.#previous,
    };
  }
}
