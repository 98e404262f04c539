import { type AssetInfo, assetInfo } from "../../codec/asset/asset-info.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { framesToSeconds, videoSegments } from "../catalog/timeline.js";
import { posterOf } from "../render/poster.js";
import { virtualLadder } from "../request/ladder.js";
import { largestSize, type SizeLimits } from "../request/size.js";

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
  /** Start and duration in seconds. */
  readonly segments: readonly {
    readonly index: number;
    readonly firstFrame: number;
    readonly frameCount: number;
    readonly start: number;
    readonly duration: number;
  }[];
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

export function videoInfo(entry: CatalogEntry, limits: SizeLimits): VideoInfo {
  const { asset } = entry;
  return {
    id: entry.id,
    v: entry.version,
    ...assetInfo(asset),
    headerBytes: asset.headerBytes,
    limits,
    sizes: virtualLadder(asset, largestSize(asset, limits, false), limits).map(({ width, height }) => ({
      width,
      height,
    })),
    segments: videoSegments(asset).map((segment) => ({
      ...segment,
      start: framesToSeconds(segment.firstFrame, asset),
      duration: framesToSeconds(segment.frameCount, asset),
    })),
    links: {
      asset: "asset",
      master: "master.m3u8",
      elastic: "elastic.m3u8",
      poster: posterOf(entry, limits),
      storyboard: "storyboard.vtt",
      audio: asset.audio.map((track) => `audio-${track.index}/index.m3u8`),
      text: asset.text.map((track) => `text-${track.index}/index.m3u8`),
      subtitles: asset.text.map((track) => `text-${track.index}.vtt?v=${entry.version}`),
    },
  };
}
