import type { FragmentLoaderContext } from "hls.js";
import type { Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import type { ServerTiming } from "./server-timing.js";

/** A video segment that has finished loading. */
export interface LoadedSegment {
  /** Position in the playlist, counted from 0. */
  readonly index: number;
  /** Start time in the video, in seconds. */
  readonly start: number;
  /** Duration of the video in the segment, in seconds. */
  readonly duration: number;
  /** Size of its frames, in output pixels. */
  readonly size: Size;
  /** The part of the frame that it shows, in source pixels; null is the full frame. */
  readonly region: Region | null;
  /** Size of the segment, in bytes. */
  readonly bytes: number;
  /** Time from the request to the last byte, in seconds. */
  readonly seconds: number;
  /**
   * Time from the request to the first byte, in seconds: network latency, the server's queue and its computation.
   * Included in `seconds`. Absent in direct mode.
   */
  readonly waiting?: number;
  /** The server's own measurement, from the Server-Timing header; absent if the response has none. */
  readonly server?: ServerTiming;
}

/** A segment that is being downloaded. */
export interface SegmentInFlight {
  /** Size of its frames, in output pixels. */
  readonly size: Size;
  /** Seconds of video. */
  readonly duration: number;
  readonly bytesLoaded: number;
  readonly bytesTotal: number;
  /** Seconds since its first byte. */
  readonly transferSeconds: number;
}

/** The size and region to request a segment at, and the URLs that name them. */
export interface SegmentRequest {
  readonly size: Size;
  /** The size that fills the display; larger than `size` if the connection is too slow for it. */
  readonly exactSize: Size;
  readonly region: Region | null;
  /** Writes size and region into the URL of a segment. */
  fillUrl(template: string): string;
  /** Returns the URL of the init segment to prepend; absent if the stream's own init segment fits all sizes. */
  initUrl?(template: string): string;
}

/** Decides how segments are requested, and receives them. */
export interface SegmentSource {
  /** Called when a segment of `duration` seconds is about to be requested. */
  createRequest(duration: number): SegmentRequest;
  /** Returns whether to abandon a download and request the segment again with fewer pixels. */
  shouldAbandon(inFlight: SegmentInFlight): boolean;
  /** @param exactSize the size that filled the display when the segment was requested */
  onLoaded(segment: LoadedSegment, exactSize: Size): void;
  /** Called before `onLoaded` if the segment is that of a newer version of the video than its URL names. */
  onSuperseded(): void;
}

/** The context of a fragment request. Requests made outside of hls.js's controllers carry their own source. */
export interface SegmentLoaderContext extends FragmentLoaderContext {
  readonly source?: SegmentSource;
}
