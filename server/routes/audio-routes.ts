import type { FastifyInstance, FastifyRequest } from "fastify";
import { audioFragment, audioInit } from "../../codec/iso/audio-fragment.js";
import { audioSegments } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { audioPlaylistOf } from "../hls/renditions.js";
import { expectCurrent, send, strongEtag, versionedCaching } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";
import { PLAYLIST, paramsOf, sendText } from "./send-text.js";

const AUDIO = "audio/mp4";
const FOLDER = "/:id/audio-:n(^\\d{1,4}$)";

/** Sound as renditions: the packets as they were stored. */
export function audioRoutes(app: FastifyInstance, { catalog }: PluginContext): void {
  const track = async (request: FastifyRequest) => {
    const entry = await catalog.open(paramsOf(request).id);
    expectCurrent(request, entry.version);
    const n = Number(paramsOf(request).n);
    const found = entry.asset.audio[n];
    if (found === undefined) {
      throw new RequestError(
        "no-such-audio",
        `"${entry.id}" has ${entry.asset.audio.length} audio tracks, not number ${n}`,
      );
    }
    return { video: entry, track: found };
  };

  getAndHead(app, `${FOLDER}/index.m3u8`, async (request, reply) => {
    const { video: entry, track: found } = await track(request);
    return sendText(request, reply, PLAYLIST, audioPlaylistOf(entry.asset, found.index, entry.version));
  });

  getAndHead(app, `${FOLDER}/init.mp4`, async (request, reply) => {
    const { video: entry, track: found } = await track(request);
    return send(request, reply, {
      type: AUDIO,
      etag: strongEtag(`${entry.id} ${entry.version} audio ${found.index} init`),
      cacheControl: versionedCaching(request, entry.version),
      make: () => audioInit(found),
    });
  });

  getAndHead(app, `${FOLDER}/seg-:k(^\\d{1,9}$).m4s`, async (request, reply) => {
    const { video: entry, track: found } = await track(request);
    const segments = audioSegments(entry.asset, found);
    const k = Number(paramsOf(request).k);
    const segment = segments[k];
    if (segment === undefined) {
      throw new RequestError(
        "no-such-segment",
        `"${entry.id}" has audio segments 0 to ${segments.length - 1}, not ${k}`,
      );
    }
    return send(request, reply, {
      type: AUDIO,
      etag: strongEtag(`${entry.id} ${entry.version} audio ${found.index} ${k}`),
      cacheControl: versionedCaching(request, entry.version),
      make: async (signal) => {
        const { firstPacket, packetCount } = segment;
        return audioFragment(
          segment,
          await entry.asset.readAudio(found.index, firstPacket, packetCount, signal),
        );
      },
    });
  });
}
