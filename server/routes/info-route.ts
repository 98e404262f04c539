import type { FastifyInstance } from "fastify";
import { assetInfo, audioTrackInfo, descriptionOf } from "../../codec/asset/asset-info.js";
import { fullRegion } from "../../codec/decode/viewport.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { VideoInfo } from "../../protocol/video-info.js";
import { limitsFor } from "../auth/authorize.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { framesToSeconds, videoSegments } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { posterUrl } from "../render/poster.js";
import { resolutionLadder } from "../request/viewport.js";
import type { Video } from "../video/video.js";
import { videoTitle } from "../web/video-title.js";
import { getAndHead } from "./get-and-head.js";
import { openVideo } from "./requested-video.js";
import { sendJson } from "./send-content.js";

/** `/:id/info.json`: what the video contains, the size limits, and links to its other resources. */
export function infoRoute(app: FastifyInstance, { catalog, limits, encoder }: PluginContext): void {
  getAndHead(app, "/:id/info.json", async (request, reply) => {
    const entry = await openVideo(request, catalog);
    const encoding = encoder.state(entry.id, entry.video.backend);
    return sendJson(request, reply, { ...videoInfo(entry, limitsFor(request, limits)), encoding });
  });
}

function videoInfo(entry: CatalogEntry, limits: SizeLimits): VideoInfo {
  const { video, stored, version } = entry;
  const { chapters = [] } = video.metadata;
  return {
    id: entry.id,
    v: version,
    backend: video.backend,
    ...(stored === undefined
      ? sourceInfo(video)
      : { ...assetInfo(stored.asset), headerBytes: stored.asset.headerBytes }),
    title: videoTitle({ id: entry.id, opened: entry }),
    limits,
    sizes: resolutionLadder(fullRegion(video), limits).map(({ width, height }) => ({ width, height })),
    segments: videoSegments(video).map((segment) => ({
      ...segment,
      start: framesToSeconds(segment.firstFrame, video),
      duration: framesToSeconds(segment.frameCount, video),
    })),
    links: {
      ...(stored !== undefined && { asset: "asset" }),
      master: "master.m3u8",
      manifest: "manifest.mpd",
      elastic: "elastic.m3u8",
      poster: posterUrl(entry, limits),
      storyboard: "storyboard.vtt",
      ...(chapters.length > 0 && { chapters: `chapters.vtt?v=${version}` }),
      audio: video.audio.map((track) => `audio-${track.index}/index.m3u8`),
      text: video.text.map((track) => `text-${track.index}/index.m3u8`),
      subtitles: video.text.map((track) => `text-${track.index}.vtt?v=${version}`),
    },
  };
}

/** Returns the metadata that a source shares with an asset. */
function sourceInfo(video: Video) {
  const { width, height, frameCount, frameRate, duration, bytes, audio, text } = video;
  return {
    ...descriptionOf(video.metadata),
    ...{ width, height, frameCount, frameRate, duration, bytes, audio: audio.map(audioTrackInfo), text },
  };
}
