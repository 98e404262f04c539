import type { FastifyInstance, FastifyRequest } from "fastify";
import { writeWebVtt } from "../../media/webvtt/webvtt.js";
import type { Catalog, CatalogEntry } from "../catalog/catalog.js";
import { type TextSegment, textSegments } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { textPlaylist } from "../hls/playlists.js";
import { readCues, webVttSegment } from "../hls/subtitles.js";
import { pathParams } from "../request/params.js";
import { getAndHead } from "./get-and-head.js";
import { openCurrentVideo } from "./requested-video.js";
import { sendKeyed, sendPlaylist } from "./send-content.js";

const WEBVTT = "text/vtt; charset=utf-8";
const TRACK = "/:id/text-:n(^\\d{1,4}$)";

/** Subtitles: one file per track, and HLS renditions. */
export function textRoutes(app: FastifyInstance, { catalog }: PluginContext): void {
  getAndHead(app, `${TRACK}.vtt`, async (request, reply) => {
    const { entry, track } = await requestedTrack(request, catalog);
    return sendKeyed(request, reply, {
      type: WEBVTT,
      key: `${entry.id} ${entry.version} text ${track}`,
      version: entry.version,
      body: async () => writeWebVtt(await readCues(entry.video, track)),
    });
  });

  getAndHead(app, `${TRACK}/index.m3u8`, async (request, reply) => {
    const { entry } = await requestedTrack(request, catalog);
    return sendPlaylist(request, reply, textPlaylist(entry.video, entry.version));
  });

  getAndHead(app, `${TRACK}/seg-:k(^\\d{1,9}$).vtt`, async (request, reply) => {
    const { entry, track } = await requestedTrack(request, catalog);
    const segment = findTextSegment(entry, Number(pathParams<"k">(request).k));
    return sendKeyed(request, reply, {
      type: WEBVTT,
      key: `${entry.id} ${entry.version} text ${track} ${segment.index}`,
      version: entry.version,
      body: async () => webVttSegment(await readCues(entry.video, track), segment),
    });
  });
}

/** Opens the video and checks the track index `:n`. Rejects with RequestError. */
async function requestedTrack(
  request: FastifyRequest,
  catalog: Catalog,
): Promise<{ readonly entry: CatalogEntry; readonly track: number }> {
  const entry = await openCurrentVideo(request, catalog);
  const { text } = entry.video;
  const track = Number(pathParams<"n">(request).n);
  if (text[track] !== undefined) return { entry, track };
  throw new RequestError("no-such-text", `"${entry.id}" has ${text.length} text tracks, no track ${track}`);
}

/** Returns the text segment of an index. Throws RequestError `no-such-segment`. */
function findTextSegment({ id, video }: CatalogEntry, index: number): TextSegment {
  const segments = textSegments(video);
  const segment = segments[index];
  if (segment !== undefined) return segment;
  throw new RequestError(
    "no-such-segment",
    `"${id}" has text segments 0 to ${segments.length - 1}, got ${index}`,
  );
}
