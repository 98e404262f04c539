import type { FastifyInstance, FastifyRequest } from "fastify";
import { writeWebVtt } from "../../media/write/webvtt.js";
import { textSegments } from "../catalog/timeline.js";
import type { Server } from "../context.js";
import { RequestError } from "../errors.js";
import { cuesOf } from "../hls/cues.js";
import { textPlaylistOf } from "../hls/renditions.js";
import { webVttSegment } from "../hls/webvtt-segment.js";
import { answer, expectCurrent, strongEtag, versionedCaching } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";
import { answerText, PLAYLIST, paramsOf } from "./send-text.js";

const WEBVTT = "text/vtt; charset=utf-8";
const TEXT = "/:id/text-:n(^\\d{1,4}$)";

/** Subtitles, whole and as a rendition. */
export function textRoutes(app: FastifyInstance, { catalogue }: Server): void {
  const track = async (request: FastifyRequest) => {
    const film = await catalogue.open(paramsOf(request).id);
    expectCurrent(request, film.version);
    const n = Number(paramsOf(request).n);
    if (film.asset.text[n] !== undefined) return { film, n };
    throw new RequestError(
      "no-such-text",
      `"${film.id}" has ${film.asset.text.length} tracks of subtitles, not number ${n}`,
    );
  };

  getAndHead(app, `${TEXT}.vtt`, async (request, reply) => {
    const { film, n } = await track(request);
    return answer(request, reply, {
      type: WEBVTT,
      etag: strongEtag(`${film.id} ${film.version} text ${n}`),
      cacheControl: versionedCaching(request, film.version),
      make: async () => writeWebVtt(await cuesOf(film.asset, n)),
    });
  });

  getAndHead(app, `${TEXT}/index.m3u8`, async (request, reply) => {
    const { film } = await track(request);
    return answerText(request, reply, PLAYLIST, textPlaylistOf(film.asset, film.version));
  });

  getAndHead(app, `${TEXT}/seg-:k(^\\d{1,9}$).vtt`, async (request, reply) => {
    const { film, n } = await track(request);
    const segments = textSegments(film.asset);
    const k = Number(paramsOf(request).k);
    const segment = segments[k];
    if (segment === undefined) {
      throw new RequestError(
        "no-such-segment",
        `"${film.id}" has segments of subtitles 0 to ${segments.length - 1}, not ${k}`,
      );
    }
    return answer(request, reply, {
      type: WEBVTT,
      etag: strongEtag(`${film.id} ${film.version} text ${n} ${k}`),
      cacheControl: versionedCaching(request, film.version),
      make: async () => webVttSegment(await cuesOf(film.asset, n), segment),
    });
  });
}
