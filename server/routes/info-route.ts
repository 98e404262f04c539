import type { FastifyInstance } from "fastify";
import { assetInfo } from "../../codec/asset/asset-info.js";
import { fullRegion } from "../../codec/decode/viewport.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { VideoInfo } from "../../protocol/video-info.js";
import { limitsFor } from "../auth/authorize.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { framesToSeconds, videoSegments } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { posterUrl } from "../render/poster.js";
import { resolutionLadder } from "../request/viewport.js";
import { getAndHead } from "./get-and-head.js";
import { openVideo } from "./requested-video.js";
import { sendJson } from "./send-content.js";

/** `/:id/info.json`: what the video contains, the size limits, and links to its other resources. */
export function infoRoute(app: FastifyInstance, { catalog, limits }: PluginContext): void {
  getAndHead(app, "/:id/info.json", async (request, reply) => {
    const entry = await openVideo(request, catalog);
    return sendJson(request, reply, videoInfo(entry, limitsFor(request, limits)));
  });
}

function videoInfo(entry: CatalogEntry, limits: SizeLimits): VideoInfo {
  const { asset, version } = entry;
  return {
    id: entry.id,
    v: version,
    ...assetInfo(asset),
    headerBytes: asset.headerBytes,
    limits,
    sizes: resolutionLadder(fullRegion(asset), limits).map(({ width, height }) => ({ width, height })),
    segments: videoSegments(asset).map((segment) => ({
      ...segment,
      start: framesToSeconds(segment.firstFrame, asset),
      duration: framesToSeconds(segment.frameCount, asset),
    })),
    links: {
      asset: "asset",
      master: "master.m3u8",
      manifest: "manifest.mpd",
      elastic: "elastic.m3u8",
      poster: posterUrl(entry, limits),
      storyboard: "storyboard.vtt",
      audio: asset.audio.map((track) => `audio-${track.index}/index.m3u8`),
      text: asset.text.map((track) => `text-${track.index}/index.m3u8`),
      subtitles: asset.text.map((track) => `text-${track.index}.vtt?v=${version}`),
    },
  };
}
