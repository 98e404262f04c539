import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { audioFragment, audioInit } from "../../codec/iso/audio-fragment.js";
import { limitsOf } from "../access/access.js";
import type { Film } from "../catalogue.js";
import { RequestError } from "../errors.js";
import {
  audioPlaylistOf,
  elasticMasterOf,
  elasticPlaylistOf,
  masterOf,
  videoPlaylistOf,
} from "../hls/renditions.js";
import { audioSegments } from "../hls/timeline.js";
import { answer, strongEtag, versionedCaching } from "../http/answer.js";
import { REVALIDATE } from "../http/caching.js";
import { filmInfo } from "../info.js";
import { findSegment, partKey, type Rendition } from "../segment-service.js";
import type { Server } from "../server-parts.js";
import { virtualLadder } from "../sizes/ladder.js";
import { parseRegion, type RegionRequest } from "../sizes/region.js";
import { largestSize, parseSize, type SizeRequest, sizeInUrl } from "../sizes/size.js";
import { canonicalLink } from "./canonical-link.js";
import { getAndHead } from "./get-and-head.js";

const PLAYLIST = "application/vnd.apple.mpegurl";
const VIDEO = "video/mp4";
const AUDIO = "audio/mp4";

type Params = Readonly<Record<string, string>>;
const paramsOf = (request: FastifyRequest): Params => request.params as Params;
/** A query parameter as text; one that is given twice becomes text that no grammar accepts. */
const queryText = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  return value === undefined ? undefined : String(value);
};

/** info.json, playlists, init and media segments of every film. */
export function filmRoutes(app: FastifyInstance, server: Server): void {
  const { catalogue, limits, service } = server;

  const open = (request: FastifyRequest) => catalogue.open(paramsOf(request).id);
  const text = (request: FastifyRequest, reply: FastifyReply, type: string, body: string) =>
    answer(request, reply, { type, etag: strongEtag(body), cacheControl: REVALIDATE, make: () => body });

  const picture = async (request: FastifyRequest) => {
    const film = await open(request);
    const { region: spelled, size: wanted } = paramsOf(request);
    const region = parseRegion(spelled, film.asset);
    const size = parseSize(wanted, region, limits, film.asset.frameRate);
    return { film, region, size };
  };
  /** Canonical URL of a file below `/:id/:region/:size/`. */
  const canonical = (reply: FastifyReply, film: Film, path: string) =>
    canonicalLink(app, reply, film.id, path);
  const folderOf = (region: RegionRequest, size: SizeRequest) => `${region.canonical}/${sizeInUrl(size)}/`;

  getAndHead(app, "/:id/info.json", async (request, reply) =>
    text(
      request,
      reply,
      "application/json; charset=utf-8",
      JSON.stringify(filmInfo(await open(request), limitsOf(request, limits))),
    ),
  );

  getAndHead(app, "/:id/master.m3u8", async (request, reply) => {
    const { asset } = await open(request);
    const limits = limitsOf(request, server.limits);
    const region = parseRegion(queryText(request, "region") ?? "full", asset);
    const ladder = virtualLadder(region, largestSize(region, limits, false), limits);
    const [width, height] = [queryText(request, "width"), queryText(request, "height")];
    const exact =
      width === undefined && height === undefined
        ? []
        : [parseSize(`^${width ?? ""},${height ?? ""}`, region, limits, asset.frameRate)];
    return text(request, reply, PLAYLIST, masterOf(asset, region, [...exact, ...ladder]));
  });

  getAndHead(app, "/:id/elastic.m3u8", async (request, reply) => {
    const { asset } = await open(request);
    const region = parseRegion(queryText(request, "region") ?? "full", asset);
    return text(request, reply, PLAYLIST, elasticMasterOf(asset, region, largestSize(region, limits, true)));
  });

  getAndHead(app, "/:id/:region/:size/index.m3u8", async (request, reply) => {
    const { film, region, size } = await picture(request);
    const folder = folderOf(region, size);
    canonical(reply, film, `${folder}index.m3u8`);
    const asked = paramsOf(request);
    const there = asked.region === region.canonical && asked.size === size.canonical;
    return text(
      request,
      reply,
      PLAYLIST,
      videoPlaylistOf(film.asset, film.version, there ? "" : `../../${folder}`),
    );
  });

  getAndHead(app, "/:id/:region/elastic/index.m3u8", async (request, reply) => {
    const film = await open(request);
    const spelled = paramsOf(request).region;
    const region = parseRegion(spelled, film.asset);
    canonical(reply, film, `${region.canonical}/elastic/index.m3u8`);
    const folder = spelled === region.canonical ? "" : `../${region.canonical}/`;
    return text(request, reply, PLAYLIST, elasticPlaylistOf(film.asset, film.version, folder));
  });

  const sendInit = (request: FastifyRequest, reply: FastifyReply, rendition: Rendition) =>
    answer(request, reply, {
      type: VIDEO,
      etag: strongEtag(partKey(rendition, "init")),
      cacheControl: versionedCaching(request, rendition.film.version),
      make: (signal) => service.init(rendition, signal),
    });

  getAndHead(app, "/:id/:region/:size/init.mp4", async (request, reply) => {
    const { film, region, size } = await picture(request);
    canonical(reply, film, `${folderOf(region, size)}init.mp4`);
    return sendInit(request, reply, { film, region, size, sampleEntry: "avc1" });
  });

  getAndHead(app, "/:id/:region/elastic/init.mp4", async (request, reply) => {
    const film = await open(request);
    const region = parseRegion(paramsOf(request).region, film.asset);
    canonical(reply, film, `${region.canonical}/elastic/init.mp4`);
    const size = largestSize(region, limits, true);
    return sendInit(request, reply, { film, region, size, sampleEntry: "avc3" });
  });

  for (const [name, sampleEntry] of [
    ["seg", "avc1"],
    ["elastic", "avc3"],
  ] as const) {
    getAndHead(app, `/:id/:region/:size/${name}-:k(^\\d{1,9}$).m4s`, async (request, reply) => {
      const { film, region, size } = await picture(request);
      const segment = findSegment(film, Number(paramsOf(request).k));
      canonical(reply, film, `${folderOf(region, size)}${name}-${segment.index}.m4s`);
      const rendition: Rendition = { film, region, size, sampleEntry };
      return answer(request, reply, {
        type: VIDEO,
        etag: strongEtag(partKey(rendition, `${segment.index}`)),
        cacheControl: versionedCaching(request, film.version),
        make: (signal) => service.segment(rendition, segment, signal),
      });
    });
  }

  const track = async (request: FastifyRequest) => {
    const film = await open(request);
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
  const AUDIO_FOLDER = "/:id/audio-:n(^\\d{1,4}$)";

  getAndHead(app, `${AUDIO_FOLDER}/index.m3u8`, async (request, reply) => {
    const { film, track: found } = await track(request);
    return text(request, reply, PLAYLIST, audioPlaylistOf(film.asset, found.index, film.version));
  });

  getAndHead(app, `${AUDIO_FOLDER}/init.mp4`, async (request, reply) => {
    const { film, track: found } = await track(request);
    return answer(request, reply, {
      type: AUDIO,
      etag: strongEtag(`${film.id} ${film.version} audio ${found.index} init`),
      cacheControl: versionedCaching(request, film.version),
      make: () => audioInit(found),
    });
  });

  getAndHead(app, `${AUDIO_FOLDER}/seg-:k(^\\d{1,9}$).m4s`, async (request, reply) => {
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
