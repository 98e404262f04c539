import { assetInfo } from "../../codec/asset/asset-info.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { VideoInfo } from "../../protocol/video-info.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { framesToSeconds, videoSegments } from "../catalog/timeline.js";
import { posterOf } from "../render/poster.js";
import { virtualLadder } from "../request/ladder.js";
import { largestSize } from "../request/size.js";

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
