import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { SAMPLE_ENTRIES } from "../../media/segments/video-codec.js";
import { limitsOf } from "../auth/authorize.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { VideoSegment } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { imagePlaylistOf, imageStreamOf } from "../hls/image-playlist.js";
import {
  codecQuery,
  elasticMasterOf,
  elasticPlaylistOf,
  keyframePlaylistOf,
  masterOf,
  videoPlaylistOf,
} from "../hls/renditions.js";
import { expectCurrent, send, strongEtag, versionedCaching } from "../http/send.js";
import { findSegment, partKey, type VideoRendition } from "../render/segments.js";
import { storyboardOf } from "../render/storyboard.js";
import { virtualLadder } from "../request/ladder.js";
import { parseRegion, type RegionRequest } from "../request/region.js";
import { largestSize, parseSize, type SizeRequest, sizeInUrl } from "../request/size.js";
import { canonicalLink } from "./canonical-link.js";
import { codecOf, expectCodecSize } from "./codec-query.js";
import { getAndHead } from "./get-and-head.js";
import { PLAYLIST, paramsOf, queryText, sendText } from "./send-text.js";
import { videoInfo } from "./video-info.js";

const VIDEO = "video/mp4";

/** info.json, master playlists, and the pictures as segments and keyframes. */
export function videoRoutes(app: FastifyInstance, server: PluginContext): void {
  const { catalog, limits, service, keyframes, codecs } = server;

  const open = (request: FastifyRequest) => catalog.open(paramsOf(request).id);
  const picture = async (request: FastifyRequest) => {
    const entry = await open(request);
    expectCurrent(request, entry.version);
    const { region: spelled, size: wanted } = paramsOf(request);
    const region = parseRegion(spelled, entry.asset);
    const size = parseSize(wanted, region, limits, entry.asset.frameRate);
    return { entry, region, size };
  };
  /** A picture in the codec that the query names. */
  const video = async (request: FastifyRequest) => {
    const { entry, region, size } = await picture(request);
    const codec = codecOf(request, codecs);
    expectCodecSize({ ...size, frameRate: entry.asset.frameRate }, codec);
    return { entry, region, size, codec };
  };
  /** Canonical URL of a file below `/:id/:region/:size/`. */
  const canonical = (reply: FastifyReply, entry: CatalogEntry, path: string) =>
    canonicalLink(app, reply, entry.id, path);
  const folderOf = (region: RegionRequest, size: SizeRequest) => `${region.canonical}/${sizeInUrl(size)}/`;

  getAndHead(app, "/:id/info.json", async (request, reply) =>
    sendText(
      request,
      reply,
      "application/json; charset=utf-8",
      JSON.stringify(videoInfo(await open(request), limitsOf(request, limits))),
    ),
  );

  getAndHead(app, "/:id/master.m3u8", async (request, reply) => {
    const entry = await open(request);
    const { asset } = entry;
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
    const board = storyboardOf(entry, server.limits);
    const { thumbnail } = board;
    // A signature may hold for pictures smaller than the thumbnails.
    const allowed =
      Math.max(thumbnail.width, thumbnail.height) <= limits.maxSide &&
      thumbnail.width * thumbnail.height <= limits.maxArea;
    const images = region.canonical === "full" && allowed ? [imageStreamOf(entry, board)] : [];
    return sendText(request, reply, PLAYLIST, masterOf(asset, { region, exact, ladder, codec, images }));
  });

  getAndHead(app, "/:id/elastic.m3u8", async (request, reply) => {
    const { asset } = await open(request);
    const region = parseRegion(queryText(request, "region") ?? "full", asset);
    return sendText(
      request,
      reply,
      PLAYLIST,
      elasticMasterOf(asset, region, largestSize(region, limits, true)),
    );
  });

  getAndHead(app, "/:id/images.m3u8", async (request, reply) => {
    const entry = await open(request);
    return sendText(request, reply, PLAYLIST, imagePlaylistOf(entry, storyboardOf(entry, limits)));
  });

  /** From the folder of a request to the canonical one; "" where it is that. */
  const toFolder = (request: FastifyRequest, region: RegionRequest, size: SizeRequest) => {
    const asked = paramsOf(request);
    const there = asked.region === region.canonical && asked.size === size.canonical;
    return there ? "" : `../../${folderOf(region, size)}`;
  };

  getAndHead(app, "/:id/:region/:size/index.m3u8", async (request, reply) => {
    const { entry, region, size, codec } = await video(request);
    canonical(reply, entry, `${folderOf(region, size)}index.m3u8${codecQuery(codec)}`);
    const playlist = videoPlaylistOf(entry.asset, entry.version, toFolder(request, region, size), codec);
    return sendText(request, reply, PLAYLIST, playlist);
  });

  getAndHead(app, "/:id/:region/:size/iframes.m3u8", async (request, reply) => {
    const { entry, region, size } = await picture(request);
    canonical(reply, entry, `${folderOf(region, size)}iframes.m3u8`);
    const playlist = keyframePlaylistOf(entry.asset, entry.version, toFolder(request, region, size));
    return sendText(request, reply, PLAYLIST, playlist);
  });

  getAndHead(app, "/:id/:region/elastic/index.m3u8", async (request, reply) => {
    const entry = await open(request);
    const spelled = paramsOf(request).region;
    const region = parseRegion(spelled, entry.asset);
    canonical(reply, entry, `${region.canonical}/elastic/index.m3u8`);
    const folder = spelled === region.canonical ? "" : `../${region.canonical}/`;
    return sendText(request, reply, PLAYLIST, elasticPlaylistOf(entry.asset, entry.version, folder));
  });

  const sendInit = (request: FastifyRequest, reply: FastifyReply, rendition: VideoRendition) =>
    send(request, reply, {
      type: VIDEO,
      etag: strongEtag(partKey(rendition, "init")),
      cacheControl: versionedCaching(request, rendition.entry.version),
      make: (signal) => service.init(rendition, signal),
    });

  getAndHead(app, "/:id/:region/:size/init.mp4", async (request, reply) => {
    const { entry, region, size, codec } = await video(request);
    canonical(reply, entry, `${folderOf(region, size)}init.mp4${codecQuery(codec)}`);
    return sendInit(request, reply, { entry, region, size, sampleEntry: SAMPLE_ENTRIES[codec] });
  });

  getAndHead(app, "/:id/:region/elastic/init.mp4", async (request, reply) => {
    const entry = await open(request);
    expectCurrent(request, entry.version);
    const region = parseRegion(paramsOf(request).region, entry.asset);
    canonical(reply, entry, `${region.canonical}/elastic/init.mp4`);
    const size = largestSize(region, limits, true);
    return sendInit(request, reply, { entry, region, size, sampleEntry: "avc3" });
  });

  const sendSegment = (
    request: FastifyRequest,
    reply: FastifyReply,
    rendition: VideoRendition,
    segment: VideoSegment,
  ) =>
    send(request, reply, {
      type: VIDEO,
      etag: strongEtag(partKey(rendition, `${segment.index}`)),
      cacheControl: versionedCaching(request, rendition.entry.version),
      make: (signal) => service.segment(rendition, segment, signal),
    });

  getAndHead(app, "/:id/:region/:size/seg-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const { entry, region, size, codec } = await video(request);
    const segment = findSegment(entry, Number(paramsOf(request).k));
    canonical(reply, entry, `${folderOf(region, size)}seg-${segment.index}.m4s${codecQuery(codec)}`);
    const rendition = { entry, region, size, sampleEntry: SAMPLE_ENTRIES[codec] };
    return sendSegment(request, reply, rendition, segment);
  });

  getAndHead(app, "/:id/:region/:size/elastic-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const { entry, region, size } = await picture(request);
    const segment = findSegment(entry, Number(paramsOf(request).k));
    canonical(reply, entry, `${folderOf(region, size)}elastic-${segment.index}.m4s`);
    return sendSegment(request, reply, { entry, region, size, sampleEntry: "avc3" }, segment);
  });

  getAndHead(app, "/:id/:region/:size/iframe-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const { entry, region, size } = await picture(request);
    const segment = findSegment(entry, Number(paramsOf(request).k));
    canonical(reply, entry, `${folderOf(region, size)}iframe-${segment.index}.m4s`);
    const rendition: VideoRendition = { entry, region, size, sampleEntry: "avc1" };
    return send(request, reply, {
      type: VIDEO,
      etag: strongEtag(partKey(rendition, `keyframe ${segment.index}`)),
      cacheControl: versionedCaching(request, entry.version),
      make: (signal) => keyframes.keyframe(rendition, segment, signal),
    });
  });
}
