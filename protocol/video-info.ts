import type { AssetInfo } from "../codec/asset/asset-info.js";
import type { EncodeState } from "./encode-state.js";
import type { SizeLimits } from "./size-limits.js";

/** One segment of the video renditions. */
export interface SegmentInfo {
  readonly index: number;
  /** Index of the first frame in the video. */
  readonly firstFrame: number;
  readonly frameCount: number;
  /** Start time in seconds. */
  readonly start: number;
  /** Seconds. */
  readonly duration: number;
}

/**
 * The JSON of `/:id/info.json`: the metadata of the video, and the sizes, segments and URLs that the server offers. A source,
 * which is a video that is not encoded yet, has no `groups`, `profile`, `version`, `coverBytes`, `headerBytes` and link to an asset.
 */
export interface VideoInfo
  extends Omit<AssetInfo, "version" | "profile" | "identity" | "coverBytes" | "groups">,
    Partial<Pick<AssetInfo, "version" | "profile" | "identity" | "coverBytes" | "groups">> {
  /** What the server renders: an asset, or the source that is not encoded yet. */
  readonly backend: "asset" | "source";
  /** Title in the tags of the video, else the name of its file. */
  readonly title: string;
  /** Identifier of the video, the first part of its URLs. */
  readonly id: string;
  /** Current value of the query parameter `v`, the version of the video's content. */
  readonly v: string;
  /** Bytes from the start of the asset that a video decoder needs before its first group. */
  readonly headerBytes?: number;
  /** The encode of a source; absent if the server does not encode. */
  readonly encoding?: EncodeState;
  readonly limits: SizeLimits;
  /** The variants of master.m3u8 if the request selects no size. Pixels. */
  readonly sizes: readonly { readonly width: number; readonly height: number }[];
  readonly segments: readonly SegmentInfo[];
  /** URLs relative to `/:id/`. */
  readonly links: {
    /** The asset file. */
    readonly asset?: string;
    /** The HLS multivariant playlist. */
    readonly master: string;
    /** The DASH manifest. */
    readonly manifest: string;
    /** The playlist of the elastic rendition, whose segments take any size. */
    readonly elastic: string;
    /** The cover art, of up to 720 pixels per side; else a frame, of up to 480 pixels per side. */
    readonly poster: string;
    /** A WebVTT file of thumbnails. */
    readonly storyboard: string;
    /** A WebVTT file of the chapters; absent if the video has none. */
    readonly chapters?: string;
    /** One HLS playlist per audio track. */
    readonly audio: readonly string[];
    /** One HLS playlist per subtitle track. */
    readonly text: readonly string[];
    /** One complete WebVTT file per subtitle track. */
    readonly subtitles: readonly string[];
  };
}
