import { type Size, sameSize } from "../geometry/size.js";
import { bufferedUntil } from "../playback/buffered.js";
import type { PlaybackOptions } from "../playback/transport.js";
import { affordableSize, replacementSize, type Underway } from "./abr-rules.js";
import {
  estimateLoadSeconds,
  type LoadTimeEstimate,
  LoadTimeEstimator,
  type LoadTimeSample,
} from "./load-time-estimate.js";

/**
 * Seconds of a video that is buffered whole at once: smaller segments would all be asked for again, so it comes at the
 * exact size, if need be after a pause.
 */
const SHORT_VIDEO = 6;

/** Chooses each segment's size: the exact one, or what the link affords where the video would stall. */
export class AbrController {
  readonly #options: PlaybackOptions;
  readonly #link = new LoadTimeEstimator();
  #before: Size | null = null;
  /** What a segment on its way has shown of the link, before anything has arrived. */
  #glimpse: LoadTimeEstimate | null = null;

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  onArrival(sample: LoadTimeSample): void {
    this.#glimpse = null;
    this.#link.add(sample);
  }

  /** For a segment of so many seconds, which is asked for at this moment. */
  choose(duration: number): Size {
    const question = this.#question(duration);
    const size = affordableSize(question);
    this.#before = sameSize(size, question.exact) ? null : size;
    return size;
  }

  /** What would be chosen at this moment for a segment of so many seconds that is not the next. */
  affordable(duration: number): Size {
    return affordableSize(this.#question(duration));
  }

  /** Seconds until a segment of this size may be expected to have arrived; 0 before anything has. */
  expected({ width, height }: Size, duration: number): number {
    const { link } = this.#question(duration);
    return link === null ? 0 : estimateLoadSeconds(width * height, duration, link);
  }

  /** Whether to ask anew, for fewer pixels, instead of waiting for what is on its way. */
  isTooLate(underway: Underway): boolean {
    const replacement = replacementSize(underway, this.#question(underway.duration));
    if (replacement === null) return false;
    this.#glimpse = replacement.link;
    return true;
  }

  #question(duration: number) {
    const { video, info, wantedSize, wantedRegion, mayShrink } = this.#options;
    const begins = video.autoplay && video.played.length === 0;
    const patient = (video.paused && !begins) || mayShrink?.() === false || info.duration <= SHORT_VIDEO;
    const exact = wantedSize();
    const source = wantedRegion() ?? info;
    const stretch = (exact.width * source.height) / (exact.height * source.width);
    return {
      exact,
      // A picture that is stretched to fill its box has the box's shape.
      shape: Math.abs(stretch - 1) < 0.03 ? source : exact,
      link: this.#glimpse ?? this.#link.estimate(exact.width * exact.height),
      duration,
      ahead: patient ? Number.POSITIVE_INFINITY : bufferedUntil(video) - video.currentTime,
      before: this.#before,
    };
  }
}
