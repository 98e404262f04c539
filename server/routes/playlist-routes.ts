import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Viewport } from "../../codec/decode/viewport.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { PluginContext } from "../context.js";
import { imagePlaylist, imageStream } from "../hls/image-playlist.js";
import type { SessionData } from "../hls/master-playlist.js";
import {
  elasticMasterPlaylist,
  elasticPlaylist,
  keyframePlaylist,
  masterPlaylist,
  videoPlaylist,
} from "../hls/playlists.js";
import { planStoryboard } from "../render/storyboard.js";
import { codecQuery } from "../request/codec.js";
import { pathParams, queryParam } from "../request/params.js";
import { formatRegion, parseRegion } from "../request/region.js";
import { formatSize } from "../request/size.js";
import { elasticViewport, viewportPath } from "../request/viewport.js";
import { getAndHead } from "./get-and-head.js";
import { type RequestedStreams, requestedSizeStreams, requestedStreams } from "./requested-streams.js";
import { openVideo, requestedRendition, requestedViewport, setCanonicalLink } from "./requested-video.js";
import { sendPlaylist } from "./send-content.js";

/** Playlists of all video, keyframe and image renditions. */
export function playlistRoutes(app: FastifyInstance, context: PluginContext): void {
  masterPlaylistRoutes(app, context);
  mediaPlaylistRoutes(app, context);
}

function masterPlaylistRoutes(app: FastifyInstance, context: PluginContext): void {
  const { catalog, limits } = context;

  getAndHead(app, "/:id/master.m3u8", async (request, reply) =>
    sendMasterPlaylist(request, reply, await requestedStreams(request, context)),
  );

  getAndHead(app, "/:id/:region/:size/playlist.m3u8", async (request, reply) => {
    const { viewport, ...streams } = await requestedSizeStreams(request, context);
    const { entry, codec } = streams;
    const path = `${viewportPath(viewport, entry.video)}/playlist.m3u8${codecQuery(codec)}`;
    setCanonicalLink(app, reply, entry.id, path);
    return sendMasterPlaylist(request, reply, streams, "../../");
  });

  getAndHead(app, "/:id/elastic.m3u8", async (request, reply) => {
    const { video } = await openVideo(request, catalog);
    const region = parseRegion(queryParam(request, "region") ?? "full", video);
    return sendPlaylist(
      request,
      reply,
      elasticMasterPlaylist(video, elasticViewport(region, limits, video.frameRate)),
    );
  });
}

function mediaPlaylistRoutes(app: FastifyInstance, context: PluginContext): void {
  const { catalog, limits } = context;

  getAndHead(app, "/:id/images.m3u8", async (request, reply) => {
    const entry = await openVideo(request, catalog);
    return sendPlaylist(request, reply, imagePlaylist(entry, planStoryboard(entry, limits)));
  });

  getAndHead(app, "/:id/:region/:size/index.m3u8", async (request, reply) => {
    const { entry, viewport, codec } = await requestedRendition(request, context);
    const { id, video, version } = entry;
    const path = `${viewportPath(viewport, video)}/index.m3u8${codecQuery(codec)}`;
    setCanonicalLink(app, reply, id, path);
    const folder = canonicalFolder(request, viewport, entry);
    return sendPlaylist(request, reply, videoPlaylist(video, { version, folder, codec }));
  });

  getAndHead(app, "/:id/:region/:size/iframes.m3u8", async (request, reply) => {
    const { entry, viewport } = await requestedViewport(request, context);
    const { id, video, version } = entry;
    setCanonicalLink(app, reply, id, `${viewportPath(viewport, video)}/iframes.m3u8`);
    const folder = canonicalFolder(request, viewport, entry);
    return sendPlaylist(request, reply, keyframePlaylist(video, version, folder));
  });

  getAndHead(app, "/:id/:region/elastic/index.m3u8", async (request, reply) => {
    const { id, video, version } = await openVideo(request, catalog);
    const { region } = pathParams<"region">(request);
    const canonical = formatRegion(parseRegion(region, video), video);
    setCanonicalLink(app, reply, id, `${canonical}/elastic/index.m3u8`);
    const regionFolder = region === canonical ? "" : `../${canonical}/`;
    return sendPlaylist(request, reply, elasticPlaylist(video, version, regionFolder));
  });
}

function sessionDataOf({ video, version }: CatalogEntry): SessionData {
  const { title, chapters = [] } = video.metadata;
  return { title, ...(chapters.length > 0 && { chaptersUri: `chapters.json?v=${version}` }) };
}

/** @param folder relative path from the playlist to `/:id/`, with a trailing slash */
function sendMasterPlaylist(
  request: FastifyRequest,
  reply: FastifyReply,
  { entry, sizes, ladder, codec, storyboard }: RequestedStreams,
  folder = "",
): Promise<FastifyReply> {
  const images = storyboard === undefined ? [] : [imageStream(entry, storyboard)];
  const sessionData = sessionDataOf(entry);
  const options = { sizes, keyframeSizes: ladder, codec, images, folder, sessionData };
  return sendPlaylist(request, reply, masterPlaylist(entry.video, options));
}

/** Returns the relative path from the requested folder to the canonical one; "" if they are the same. */
function canonicalFolder(request: FastifyRequest, viewport: Viewport, { video }: CatalogEntry): string {
  const { region, size } = pathParams<"region" | "size">(request);
  const isCanonical =
    region === formatRegion(viewport.region, video) && size === formatSize(viewport, viewport.region);
  return isCanonical ? "" : `../../${viewportPath(viewport, video)}/`;
}
