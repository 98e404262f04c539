import type { FastifyInstance, FastifyRequest } from "fastify";
import { writeWebVtt } from "../../media/write/webvtt.js";
import { textSegments } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { cuesOf } from "../hls/cues.js";
import { textPlaylistOf } from "../hls/renditions.js";
import { webVttSegment } from "../hls/webvtt-segment.js";
import { expectCurrent, send, strongEtag, versionedCaching } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";
import { PLAYLIST, paramsOf, sendText } from "./send-text.js";

const WEBVTT = "text/vtt; charset=utf-8";
const TEXT = "/:id/text-:n(^\\d{1,4}$)";

/** Subtitles, whole and as a rendition. */
export function textRoutes(app: FastifyInstance, { catalog }: PluginContext): void {
  const track = async (request: FastifyRequest) => {
    const entry = await catalog.open(paramsOf(request).id);
    expectCurrent(request, entry.version);
    const n = Number(paramsOf(request).n);
    if (entry.asset.text[n] !== undefined) return { video: entry, n };
    throw new RequestError(
      "no-such-text",
      `"${entry.id}" has ${entry.asset.text.length} tracks of subtitles, not number ${n}`,
    );
  };

  getAndHead(app, `${TEXT}.vtt`, async (request, reply) => {
    const { video: entry, n } = await track(request);
    return send(request, reply, {
      type: WEBVTT,
      etag: strongEtag(`${entry.id} ${entry.version} text ${n}`),
      cacheControl: versionedCaching(request, entry.version),
      make: async () => writeWebVtt(await cuesOf(entry.asset, n)),
    });
  });

  getAndHead(app, `${TEXT}/index.m3u8`, async (request, reply) => {
    const { video: entry } = await track(request);
    return sendText(request, reply, PLAYLIST, textPlaylistOf(entry.asset, entry.version));
  });

  getAndHead(app, `${TEXT}/seg-:k(^\\d{1,9}$).vtt`, async (request, reply) => {
    const { video: entry, n } = await track(request);
    const segments = textSegments(entry.asset);
    const k = Number(paramsOf(request).k);
    const segment = segments[k];
    if (segment === undefined) {
      throw new RequestError(
        "no-such-segment",
        `"${entry.id}" has segments of subtitles 0 to ${segments.length - 1}, not ${k}`,
      );
    }
    return send(request, reply, {
      type: WEBVTT,
      etag: strongEtag(`${entry.id} ${entry.version} text ${n} ${k}`),
      cacheControl: versionedCaching(request, entry.version),
      make: async () => webVttSegment(await cuesOf(entry.asset, n), segment),
    });
  });
}
