import type { Size } from "../geometry/size.js";
import type { LoadedSegment } from "../playback/segment.js";
import type { MissingRange } from "../playback/transport.js";

/** The element's own events. */
export interface SieddPlayerCustomEventMap {
  /** The requested size has changed, in output pixels. */
  sizechange: CustomEvent<Size>;
  /** A video segment has loaded. */
  segment: CustomEvent<LoadedSegment>;
  /** A time range, in seconds, is unavailable and is skipped. */
  missing: CustomEvent<MissingRange>;
  /** The requested region has changed: its text as in the `region` attribute, and the zoom factor. */
  regionchange: CustomEvent<{ readonly region: string; readonly zoom: number }>;
}

/** All events of the element: those of a media element and its own. */
export interface SieddPlayerEventMap extends HTMLVideoElementEventMap, SieddPlayerCustomEventMap {}
