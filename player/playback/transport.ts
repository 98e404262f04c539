import type Hls from "hls.js";
import type { SizeChange } from "../abr/requested-size.js";
import type { PlayerError } from "../errors.js";
import { formatRegion, type Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { LoadedSegment } from "../hls/elastic-loader.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { videoUrl } from "../source/video-url.js";
import type { PausedFrame } from "./paused-frame.js";

/**
 * How the video reaches the video: `elastic` chooses a size a segment, `levels` too but with an init segment each,
 * `native` leaves all to the browser, `direct` decodes the asset in the browser.
 */
export type Transport = "elastic" | "levels" | "native" | "direct";

/** A part of the video that the server cannot make, in seconds. */
export interface MissingPart {
  readonly start: number;
  readonly end: number;
}

export interface PlaybackOptions {
  readonly video: HTMLVideoElement;
  /** Its picture while it rests. */
  readonly still: PausedFrame;
  /** Address of the video without a trailing slash. */
  readonly src: string;
  readonly info: PlayerVideoInfo;
  /** Seconds. */
  readonly startAt: number;
  /** The size to ask for at this moment, in output pixels. */
  wantedSize(): Size;
  /** The part of the picture to ask for, in source pixels; null is all of it. */
  wantedRegion(): Region | null;
  /** Whether a slow link may get fewer pixels than wanted; not where a viewer has chosen how many. Default: yes. */
  mayShrink?(): boolean;
  onSegment(arrival: LoadedSegment): void;
  /** A picture of this region has just been painted by ourselves; a video's frames tell it by their time. */
  onPainted?(region: Region): void;
  /** A part of the picture cannot be had, and is left out; in seconds. */
  onMissing?(part: MissingPart): void;
  onStale(): void;
  onError(error: PlayerError): void;
}

export interface Playback {
  readonly transport: Transport;
  readonly hls: Hls | null;
  /** Fulfilled once the video has a source; absent where it has one at once. */
  readonly ready?: Promise<void>;
  /** The wanted size has changed; what is buffered ahead may be replaced. */
  onSizeChange(change: SizeChange): void;
  destroy(): void;
}

/** The master playlist of the wanted region that names the wanted size first. */
export function masterUrl({ src, wantedSize, wantedRegion }: PlaybackOptions): string {
  const { width, height } = wantedSize();
  const region = formatRegion(wantedRegion());
  const query = `width=${width}&height=${height}${region === "full" ? "" : `&region=${region}`}`;
  return videoUrl(src, `master.m3u8?${query}`);
}
