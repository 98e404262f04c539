import type Hls from "hls.js";
import type { PlayerError } from "../errors.js";
import type { Size } from "../geometry/size.js";
import type { LoadedSegment } from "../hls/elastic-loader.js";
import type { ServerTiming } from "../playback/server-timing.js";
import type { Transport } from "../playback/transport.js";
import type { PlayerVideoInfo } from "../source/video-info.js";

/** An audio track as the standard's lists have them. */
export interface AudioTrackLike {
  readonly label: string;
  readonly language: string;
  enabled: boolean;
}

/** What the controls ask of the element around them. */
export interface PlayerHost extends HTMLElement {
  readonly src: string;
  readonly info: PlayerVideoInfo | null;
  readonly error: PlayerError | null;
  readonly hls: Hls | null;
  readonly transport: Transport | null;
  readonly requestedSize: Size | null;
  readonly controls: boolean;
  readonly videoWidth: number;
  readonly videoHeight: number;
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly readyState: number;
  readonly buffered: TimeRanges;
  readonly audioTracks: Iterable<AudioTrackLike>;
  currentTime: number;
  playbackRate: number;
  volume: number;
  muted: boolean;
  quality: number | "auto";
  play(): Promise<void>;
  pause(): void;
  getVideoPlaybackQuality(): VideoPlaybackQuality;
}

/** What the controls listen to beside a media element's own events. */
export type SegmentEvent = CustomEvent<LoadedSegment & { readonly server?: ServerTiming }>;
