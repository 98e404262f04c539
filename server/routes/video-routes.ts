import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SAMPLE_ENTRIES } from "../../media/segments/video-codec.js";
import { limitsOf } from "../auth/authorize.js";
import type { Film } from "../catalog/catalog.js";
import type { VideoSegment } from "../catalog/timeline.js";
import type { Server } from "../context.js";
import { imagePlaylistOf, imageStreamOf } from "../hls/image-playlist.js";
import {
  codecQuery,
  elasticMasterOf,
  elasticPlaylistOf,
  keyFramePlaylistOf,
  masterOf,
  videoPlaylistOf,
} from "../hls/renditions.js";
import { answer, expectCurrent, strongEtag, versionedCaching } from "../http/send.js";
import { findSegment, partKey, type Rendition } from "../render/segments.js";
import { storyboardOf } from "../render/storyboard.js";
import { virtualLadder } from "../request/ladder.js";
import { parseRegion, type RegionRequest } from "../request/region.js";
import { largestSize, parseSize, type SizeRequest, sizeInUrl } from "../request/size.js";
import { canonicalLink } from "./canonical-link.js";
import { codecOf, expectCodecSize } from "./codec-query.js";
import { getAndHead } from "./get-and-head.js";
import { answerText, PLAYLIST, paramsOf, queryText } from "./send-text.js";
import { filmInfo } from "./video-info.js";

const VIDEO = "video/mp4";

/** info.json, master playlists, and the pictures as segments and key frames. */
export function filmRoutes(app: FastifyInstance, server: Server): void {
  const { catalogue, limits, service, keyFrames, codecs } = server;

  const open = (request: FastifyRequest) => catalogue.open(paramsOf(request).id);
  const picture = async (request: FastifyRequest) => {
    const film = await open(request);
    expectCurrent(request, film.version);
    const { region: spelled, size: wanted } = paramsOf(request);
    const region = parseRegion(spelled, film.asset);
    const size = parseSize(wanted, region, limits, film.asset.frameRate);
    return { film, region, size };
  };
  /** A picture in the codec that the query names. */
  const video = async (request: FastifyRequest) => {
    const { film, region, size } = await picture(request);
    const codec = codecOf(request, codecs);
    expectCodecSize({ ...size, frameRate: film.asset.frameRate }, codec);
    return { film, region, size, codec };
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
    const codec = codecOf(request, codecs);
    const ladder = virtualLadder(region, largestSize(region, limits, false), limits);
    const [width, height] = [queryText(request, "width"), queryText(request, "height")];
    const exact =
      width === undefined && height === undefined
        ? undefined
        : parseSize(`^${width ?? ""},${height ?? ""}`, region, limits, asset.frameRate);
    expectCodecSize({ ...(exact ?? ladder[0]), frameRate: asset.frameRate }, codec);
    const board = storyboardOf(film, server.limits);
    const { thumbnail } = board;
    // A signature may hold for pictures smaller than the thumbnails.
    const allowed =
      Math.max(thumbnail.width, thumbnail.height) <= limits.maxSide &&
      thumbnail.width * thumbnail.height <= limits.maxArea;
    const images = region.canonical === "full" && allowed ? [imageStreamOf(film, board)] : [];
    return answerText(request, reply, PLAYLIST, masterOf(asset, { region, exact, ladder, codec, images }));
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

  /** From the folder of a request to the canonical one; "" where it is that. */
  const toFolder = (request: FastifyRequest, region: RegionRequest, size: SizeRequest) => {
    const asked = paramsOf(request);
    const there = asked.region === region.canonical && asked.size === size.canonical;
    return there ? "" : `../../${folderOf(region, size)}`;
  };

  getAndHead(app, "/:id/:region/:size/index.m3u8", async (request, reply) => {
    const { film, region, size, codec } = await video(request);
    canonical(reply, film, `${folderOf(region, size)}index.m3u8${codecQuery(codec)}`);
    const playlist = videoPlaylistOf(film.asset, film.version, toFolder(request, region, size), codec);
    return answerText(request, reply, PLAYLIST, playlist);
  });

  getAndHead(app, "/:id/:region/:size/iframes.m3u8", async (request, reply) => {
    const { film, region, size } = await picture(request);
    canonical(reply, film, `${folderOf(region, size)}iframes.m3u8`);
    const playlist = keyFramePlaylistOf(film.asset, film.version, toFolder(request, region, size));
    return answerText(request, reply, PLAYLIST, playlist);
  });

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
    const { film, region, size, codec } = await video(request);
    canonical(reply, film, `${folderOf(region, size)}init.mp4${codecQuery(codec)}`);
    return sendInit(request, reply, { film, region, size, sampleEntry: SAMPLE_ENTRIES[codec] });
  });

  getAndHead(app, "/:id/:region/elastic/init.mp4", async (request, reply) => {
    const film = await open(request);
    expectCurrent(request, film.version);
    const region = parseRegion(paramsOf(request).region, film.asset);
    canonical(reply, film, `${region.canonical}/elastic/init.mp4`);
    const size = largestSize(region, limits, true);
    return sendInit(request, reply, { film, region, size, sampleEntry: "avc3" });
  });

  const sendSegment = (
    request: FastifyRequest,
    reply: FastifyReply,
    rendition: Rendition,
    segment: VideoSegment,
  ) =>
    answer(request, reply, {
      type: VIDEO,
      etag: strongEtag(partKey(rendition, `${segment.index}`)),
      cacheControl: versionedCaching(request, rendition.film.version),
      make: (signal) => service.segment(rendition, segment, signal),
    });

  getAndHead(app, "/:id/:region/:size/seg-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const { film, region, size, codec } = await video(request);
    const segment = findSegment(film, Number(paramsOf(request).k));
    canonical(reply, film, `${folderOf(region, size)}seg-${segment.index}.m4s${codecQuery(codec)}`);
    const rendition = { film, region, size, sampleEntry: SAMPLE_ENTRIES[codec] };
    return sendSegment(request, reply, rendition, segment);
  });

  getAndHead(app, "/:id/:region/:size/elastic-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const { film, region, size } = await picture(request);
    const segment = findSegment(film, Number(paramsOf(request).k));
    canonical(reply, film, `${folderOf(region, size)}elastic-${segment.index}.m4s`);
    return sendSegment(request, reply, { film, region, size, sampleEntry: "avc3" }, segment);
  });

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
