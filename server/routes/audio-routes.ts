import type { FastifyInstance, FastifyRequest } from "fastify";
import { audioFragment, audioInit } from "../../codec/iso/audio-fragment.js";
import { audioSegments } from "../catalog/timeline.js";
import type { Server } from "../context.js";
import { RequestError } from "../errors.js";
import { audioPlaylistOf } from "../hls/renditions.js";
import { answer, expectCurrent, strongEtag, versionedCaching } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";
import { answerText, PLAYLIST, paramsOf } from "./send-text.js";

const AUDIO = "audio/mp4";
const FOLDER = "/:id/audio-:n(^\\d{1,4}$)";

/** Sound as renditions: the packets as they were stored. */
export function audioRoutes(app: FastifyInstance, { catalogue }: Server): void {
  const track = async (request: FastifyRequest) => {
    const film = await catalogue.open(paramsOf(request).id);
    expectCurrent(request, film.version);
    const n = Number(paramsOf(request).n);
    const found = film.asset.audio[n];
    if (found === undefined) {
      throw new RequestError(
        "no-such-audio",
        `"${film.id}" has ${film.asset.audio.length} audio tracks, not number ${n}`,
      );
    }
    return { film, track: found };
  };

  getAndHead(app, `${FOLDER}/index.m3u8`, async (request, reply) => {
    const { film, track: found } = await track(request);
    return answerText(request, reply, PLAYLIST, audioPlaylistOf(film.asset, found.index, film.version));
  });

  getAndHead(app, `${FOLDER}/init.mp4`, async (request, reply) => {
    const { film, track: found } = await track(request);
    return answer(request, reply, {
      type: AUDIO,
      etag: strongEtag(`${film.id} ${film.version} audio ${found.index} init`),
      cacheControl: versionedCaching(request, film.version),
      make: () => audioInit(found),
    });
  });

  getAndHead(app, `${FOLDER}/seg-:k(^\\d{1,9}$).m4s`, async (request, reply) => {
    const { film, track: found } = await track(request);
    const segments = audioSegments(film.asset, found);
    const k = Number(paramsOf(request).k);
    const segment = segments[k];
    if (segment === undefined) {
      throw new RequestError(
        "no-such-segment",
        `"${film.id}" has audio segments 0 to ${segments.length - 1}, not ${k}`,
      );
    }
    return answer(request, reply, {
      type: AUDIO,
      etag: strongEtag(`${film.id} ${film.version} audio ${found.index} ${k}`),
      cacheControl: versionedCaching(request, film.version),
      make: async (signal) => {
        const { firstPacket, packetCount } = segment;
        return audioFragment(
          segment,
          await film.asset.readAudio(found.index, firstPacket, packetCount, signal),
        );
      },
    });
  });
}
