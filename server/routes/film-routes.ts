import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { limitsOf } from "../access/access.js";
import type { Film } from "../catalogue.js";
import { imagePlaylistOf, imageStreamOf } from "../hls/images.js";
import {
  elasticMasterOf,
  elasticPlaylistOf,
  keyFramePlaylistOf,
  masterOf,
  videoPlaylistOf,
} from "../hls/renditions.js";
import { answer, strongEtag, versionedCaching } from "../http/answer.js";
import { filmInfo } from "../info.js";
import { storyboardOf } from "../pictures/storyboard.js";
import { findSegment, partKey, type Rendition } from "../segment-service.js";
import type { Server } from "../server-parts.js";
import { virtualLadder } from "../sizes/ladder.js";
import { parseRegion, type RegionRequest } from "../sizes/region.js";
import { largestSize, parseSize, type SizeRequest, sizeInUrl } from "../sizes/size.js";
import { canonicalLink } from "./canonical-link.js";
import { getAndHead } from "./get-and-head.js";
import { answerText, PLAYLIST, paramsOf, queryText } from "./playlist-answer.js";

const VIDEO = "video/mp4";

/** info.json, master playlists, and the pictures as segments and key frames. */
export function filmRoutes(app: FastifyInstance, server: Server): void {
  const { catalogue, limits, service, keyFrames } = server;

  const open = (request: FastifyRequest) => catalogue.open(paramsOf(request).id);
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
    answerText(
      request,
      reply,
      "application/json; charset=utf-8",
      JSON.stringify(filmInfo(await open(request), limitsOf(request, limits))),
    ),
  );

  getAndHead(app, "/:id/master.m3u8", async (request, reply) => {
    const film = await open(request);
    const { asset } = film;
    const limits = limitsOf(request, server.limits);
    const region = parseRegion(queryText(request, "region") ?? "full", asset);
    const ladder = virtualLadder(region, largestSize(region, limits, false), limits);
    const [width, height] = [queryText(request, "width"), queryText(request, "height")];
    const exact =
      width === undefined && height === undefined
        ? undefined
        : parseSize(`^${width ?? ""},${height ?? ""}`, region, limits, asset.frameRate);
    const images =
      region.canonical === "full" ? [imageStreamOf(film, storyboardOf(film, server.limits))] : [];
    return answerText(request, reply, PLAYLIST, masterOf(asset, { region, exact, ladder, images }));
  });

  getAndHead(app, "/:id/elastic.m3u8", async (request, reply) => {
    const { asset } = await open(request);
    const region = parseRegion(queryText(request, "region") ?? "full", asset);
    return answerText(
      request,
      reply,
      PLAYLIST,
      elasticMasterOf(asset, region, largestSize(region, limits, true)),
    );
  });

  getAndHead(app, "/:id/images.m3u8", async (request, reply) => {
    const film = await open(request);
    return answerText(request, reply, PLAYLIST, imagePlaylistOf(film, storyboardOf(film, limits)));
  });

  for (const [name, playlistOf] of [
    ["index", videoPlaylistOf],
    ["iframes", keyFramePlaylistOf],
  ] as const) {
    getAndHead(app, `/:id/:region/:size/${name}.m3u8`, async (request, reply) => {
      const { film, region, size } = await picture(request);
      const folder = folderOf(region, size);
      canonical(reply, film, `${folder}${name}.m3u8`);
      const asked = paramsOf(request);
      const there = asked.region === region.canonical && asked.size === size.canonical;
      const playlist = playlistOf(film.asset, film.version, there ? "" : `../../${folder}`);
      return answerText(request, reply, PLAYLIST, playlist);
    });
  }

  getAndHead(app, "/:id/:region/elastic/index.m3u8", async (request, reply) => {
    const film = await open(request);
    const spelled = paramsOf(request).region;
    const region = parseRegion(spelled, film.asset);
    canonical(reply, film, `${region.canonical}/elastic/index.m3u8`);
    const folder = spelled === region.canonical ? "" : `../${region.canonical}/`;
    return answerText(request, reply, PLAYLIST, elasticPlaylistOf(film.asset, film.version, folder));
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

  getAndHead(app, "/:id/:region/:size/iframe-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const { film, region, size } = await picture(request);
    const segment = findSegment(film, Number(paramsOf(request).k));
    canonical(reply, film, `${folderOf(region, size)}iframe-${segment.index}.m4s`);
    const rendition: Rendition = { film, region, size, sampleEntry: "avc1" };
    return answer(request, reply, {
      type: VIDEO,
      etag: strongEtag(partKey(rendition, `key frame ${segment.index}`)),
      cacheControl: versionedCaching(request, film.version),
      make: (signal) => keyFrames.keyFrame(rendition, segment, signal),
    });
  });
}
