import type Hls from "hls.js";
import type { PlayerError } from "../errors.js";
import { formatRegion, type Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { videoUrl } from "../source/video-url.js";
import type { PausedFrame } from "./paused-frame.js";
import type { LoadedSegment } from "./segment.js";

/**
 * How the video reaches the media element.
 *
 * - `elastic`: HLS through hls.js, with a size chosen for each segment.
 * - `levels`: the same, with an init segment per size, for browsers without in-band parameter sets.
 * - `native`: HLS as the browser itself plays it.
 * - `direct`: the asset is decoded in the browser.
 */
export type Transport = "elastic" | "levels" | "native" | "direct";

/** A time range that the server cannot render, in seconds. Playback skips it. */
export interface MissingRange {
  readonly start: number;
  readonly end: number;
}

/** A change of the size or region to request. */
export interface SizeChange {
  readonly size: Size;
  /** The part of the frame to request, in source pixels; null is the full frame. */
  readonly region: Region | null;
  /** Whether the change is large enough to replace what is already buffered. */
  readonly notable: boolean;
}

export interface PlaybackOptions {
  readonly video: HTMLVideoElement;
  readonly pausedFrame: PausedFrame;
  /** URL of the video without a trailing slash. */
  readonly src: string;
  readonly info: PlayerVideoInfo;
  /** Initial position, in seconds. */
  readonly startAt: number;
  /** Returns the size to request now, in output pixels. */
  requestedSize(): Size;
  /** Returns the part of the frame to request now, in source pixels; null is the full frame. */
  requestedRegion(): Region | null;
  /**
   * Returns whether a slow connection may get fewer pixels than requested. False if the viewer has chosen a quality.
   * Default: true.
   */
  allowsDownscaling?(): boolean;
  /** Returns whether to buffer ahead before playback, instead of loading only the visible frame. */
  buffersAhead(): boolean;
  onSegment(segment: LoadedSegment): void;
  /** A frame of this region was painted on a canvas. Frames of the media element are matched by their time instead. */
  onFramePainted?(region: Region): void;
  /** A time range cannot be rendered and is skipped. */
  onMissing?(range: MissingRange): void;
  /** The video was replaced on the server: its URLs are gone. */
  onVideoReplaced(): void;
  onError(error: PlayerError): void;
}

/** One way to play a video in a media element. */
export interface Playback {
  readonly transport: Transport;
  /** null unless hls.js plays the video. */
  readonly hls: Hls | null;
  /** Resolves once the media element has a source; absent if it has one immediately. */
  readonly ready?: Promise<void>;
  /** Called when the requested size or region has changed; buffered segments may be replaced. */
  onSizeChange(change: SizeChange): void;
  /** Called when `buffersAhead` may have changed. */
  onPreloadChange?(): void;
  destroy(): void;
}

/** Returns the URL of the master playlist of the requested region that lists the requested size first. */
export function masterUrl({ src, requestedSize, requestedRegion }: PlaybackOptions): string {
  const { width, height } = requestedSize();
  const region = formatRegion(requestedRegion());
  const query = `width=${width}&height=${height}${region === "full" ? "" : `&region=${region}`}`;
  return videoUrl(src, `master.m3u8?${query}`);
}
