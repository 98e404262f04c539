import type Hls from "hls.js";
import type { PlayerError } from "../errors.js";
import type { Size } from "../geometry/size.js";
import type { LoadedSegment } from "../playback/segment.js";
import type { Transport } from "../playback/transport.js";
import type { PlayerVideoInfo } from "../source/video-info.js";

/** The members of an AudioTrack that the controls use. */
export interface AudioTrackLike {
  readonly label: string;
  readonly language: string;
  enabled: boolean;
}

/** The members of the player element that the controls use. */
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

/** The `segment` event. */
export type SegmentEvent = CustomEvent<LoadedSegment>;
