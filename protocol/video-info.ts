import type { AssetInfo } from "../codec/asset/asset-info.js";
import type { SizeLimits } from "./size-limits.js";

/** A segment of the video rendition. */
export interface SegmentInfo {
  readonly index: number;
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Seconds. */
  readonly start: number;
  /** Seconds. */
  readonly duration: number;
}

/** The JSON of `/:id/info.json`: `siedd info --json` and what one may ask of this server. */
export interface VideoInfo extends AssetInfo {
  readonly id: string;
  /** `v` of the URLs that the playlists emit now. */
  readonly v: string;
  /** Bytes from the start of the asset that hold all but groups and sound. */
  readonly headerBytes: number;
  readonly limits: SizeLimits;
  /** The sizes that master.m3u8 offers without being asked for one. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly segments: readonly SegmentInfo[];
  /** Relative to `/:id/`. */
  readonly links: {
    readonly asset: string;
    readonly master: string;
    readonly elastic: string;
    /** A picture of at most 480 pixels a side. */
    readonly poster: string;
    /** Thumbnails as WebVTT. */
    readonly storyboard: string;
    /** Playlists of the sound and of the subtitles. */
    readonly audio: readonly string[];
    readonly text: readonly string[];
    /** All subtitles of a track as one WebVTT file. */
    readonly subtitles: readonly string[];
  };
}
