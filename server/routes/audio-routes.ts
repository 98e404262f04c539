import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AudioTrack } from "../../codec/asset/asset.js";
import { audioFragment, audioInit } from "../../codec/iso/audio-fragment.js";
import { padWithSilence } from "../../codec/iso/silence.js";
import type { Catalog, CatalogEntry } from "../catalog/catalog.js";
import { type AudioSegment, audioSegments } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { audioPlaylist } from "../hls/playlists.js";
import { pathParams } from "../request/params.js";
import { getAndHead } from "./get-and-head.js";
import { openCurrentVideo } from "./requested-video.js";
import { sendKeyed, sendPlaylist } from "./send-content.js";

const MP4 = "audio/mp4";
const FOLDER = "/:id/audio-:n(^\\d{1,4}$)";

/** Audio renditions. They contain the packets of the asset, which are not re-encoded, and silence up to the last frame. */
export function audioRoutes(app: FastifyInstance, { catalog }: PluginContext): void {
  getAndHead(app, `${FOLDER}/index.m3u8`, async (request, reply) => {
    const { entry, track } = await requestedTrack(request, catalog);
    return sendPlaylist(request, reply, audioPlaylist(entry.video, track.index, entry.version));
  });

  getAndHead(app, `${FOLDER}/init.mp4`, async (request, reply) => {
    const { entry, track } = await requestedTrack(request, catalog);
    return sendKeyed(request, reply, {
      type: MP4,
      key: `${entry.id} ${entry.version} audio ${track.index} init`,
      version: entry.version,
      body: () => audioInit(track),
    });
  });

  getAndHead(app, `${FOLDER}/seg-:k(^\\d{1,9}$).m4s`, async (request, reply) => {
    const { entry, track } = await requestedTrack(request, catalog);
    const segment = findAudioSegment(entry, track, Number(pathParams<"k">(request).k));
    const { index, firstPacket, packetCount, storedCount } = segment;
    return sendKeyed(request, reply, {
      type: MP4,
      key: `${entry.id} ${entry.version} audio ${track.index} ${index}`,
      version: entry.version,
      body: async (signal) => {
        // The first packet of a segment without stored packets may not exist.
        const stored =
          storedCount === 0 ? [] : await entry.video.readAudio(track.index, firstPacket, storedCount, signal);
        return audioFragment(segment, padWithSilence(stored, packetCount, track.config));
      },
    });
  });
}

/** Opens the video and finds the track of `:n`. Rejects with RequestError. */
async function requestedTrack(
  request: FastifyRequest,
  catalog: Catalog,
): Promise<{ readonly entry: CatalogEntry; readonly track: AudioTrack }> {
  const entry = await openCurrentVideo(request, catalog);
  const { audio } = entry.video;
  const n = Number(pathParams<"n">(request).n);
  const track = audio[n];
  if (track !== undefined) return { entry, track };
  throw new RequestError("no-such-audio", `"${entry.id}" has ${audio.length} audio tracks, no track ${n}`);
}

/** Returns the audio segment of an index. Throws RequestError `no-such-segment`. */
function findAudioSegment({ id, video }: CatalogEntry, track: AudioTrack, index: number): AudioSegment {
  const segments = audioSegments(video, track);
  const segment = segments[index];
  if (segment !== undefined) return segment;
  throw new RequestError(
    "no-such-segment",
    `"${id}" has audio segments 0 to ${segments.length - 1}, got ${index}`,
  );
}
