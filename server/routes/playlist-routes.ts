import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Region, Viewport } from "../../codec/decode/viewport.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { limitsFor } from "../auth/authorize.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { PluginContext } from "../context.js";
import { imagePlaylist, imageStream } from "../hls/image-playlist.js";
import type { StreamAttributes } from "../hls/master-playlist.js";
import {
  elasticMasterPlaylist,
  elasticPlaylist,
  keyframePlaylist,
  masterPlaylist,
  videoPlaylist,
} from "../hls/playlists.js";
import { planStoryboard } from "../render/storyboard.js";
import { assertCodecSize, codecQuery, parseCodec } from "../request/codec.js";
import { pathParams, queryParam } from "../request/params.js";
import { formatRegion, parseRegion } from "../request/region.js";
import { formatSize, parseVideoSize } from "../request/size.js";
import { elasticViewport, resolutionLadder, viewportPath } from "../request/viewport.js";
import { getAndHead } from "./get-and-head.js";
import { openVideo, requestedRendition, requestedViewport, setCanonicalLink } from "./requested-video.js";
import { sendPlaylist } from "./send-content.js";

/** Playlists of all video, keyframe and image renditions. */
export function playlistRoutes(app: FastifyInstance, context: PluginContext): void {
  masterPlaylistRoutes(app, context);
  mediaPlaylistRoutes(app, context);
}

function masterPlaylistRoutes(app: FastifyInstance, { catalog, limits, codecs }: PluginContext): void {
  getAndHead(app, "/:id/master.m3u8", async (request, reply) => {
    const entry = await openVideo(request, catalog);
    const { asset } = entry;
    const allowed = limitsFor(request, limits);
    const region = parseRegion(queryParam(request, "region") ?? "full", asset);
    const codec = parseCodec(queryParam(request, "codec"), codecs);
    const ladder = resolutionLadder(region, allowed);
    const exact = exactViewport(request, region, entry, allowed);
    const { width, height } = exact ?? ladder[0];
    assertCodecSize({ width, height, frameRate: asset.frameRate }, codec);
    const isFull = formatRegion(region, asset) === "full";
    const images = isFull ? imageStreams(entry, limits, allowed) : [];
    const sizes = exact === undefined ? ladder : [exact, ...ladder];
    const options = { sizes, keyframeSizes: ladder, codec, images };
    return sendPlaylist(request, reply, masterPlaylist(asset, options));
  });

  getAndHead(app, "/:id/elastic.m3u8", async (request, reply) => {
    const { asset } = await openVideo(request, catalog);
    const region = parseRegion(queryParam(request, "region") ?? "full", asset);
    return sendPlaylist(request, reply, elasticMasterPlaylist(asset, elasticViewport(region, limits)));
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
    const { id, asset, version } = entry;
    const path = `${viewportPath(viewport, asset)}/index.m3u8${codecQuery(codec)}`;
    setCanonicalLink(app, reply, id, path);
    const folder = canonicalFolder(request, viewport, entry);
    return sendPlaylist(request, reply, videoPlaylist(asset, { version, folder, codec }));
  });

  getAndHead(app, "/:id/:region/:size/iframes.m3u8", async (request, reply) => {
    const { entry, viewport } = await requestedViewport(request, context);
    const { id, asset, version } = entry;
    setCanonicalLink(app, reply, id, `${viewportPath(viewport, asset)}/iframes.m3u8`);
    const folder = canonicalFolder(request, viewport, entry);
    return sendPlaylist(request, reply, keyframePlaylist(asset, version, folder));
  });

  getAndHead(app, "/:id/:region/elastic/index.m3u8", async (request, reply) => {
    const { id, asset, version } = await openVideo(request, catalog);
    const { region } = pathParams<"region">(request);
    const canonical = formatRegion(parseRegion(region, asset), asset);
    setCanonicalLink(app, reply, id, `${canonical}/elastic/index.m3u8`);
    const regionFolder = region === canonical ? "" : `../${canonical}/`;
    return sendPlaylist(request, reply, elasticPlaylist(asset, version, regionFolder));
  });
}

/**
 * Parses `?width=` and `?height=` of a master playlist, which may upscale. Returns undefined if both are missing.
 *
 * @throws RequestError see `parseVideoSize`
 */
function exactViewport(
  request: FastifyRequest,
  region: Region,
  { asset }: CatalogEntry,
  limits: SizeLimits,
): Viewport | undefined {
  const [width, height] = [queryParam(request, "width"), queryParam(request, "height")];
  if (width === undefined && height === undefined) return undefined;
  const size = `^${width ?? ""},${height ?? ""}`;
  return { region, ...parseVideoSize(size, region, limits, asset.frameRate) };
}

/** Returns the storyboard as an image stream, unless the signature only allows smaller sizes than its thumbnails. */
function imageStreams(entry: CatalogEntry, limits: SizeLimits, allowed: SizeLimits): StreamAttributes[] {
  const storyboard = planStoryboard(entry, limits);
  const { width, height } = storyboard.thumbnail;
  const isAllowed = Math.max(width, height) <= allowed.maxSide && width * height <= allowed.maxArea;
  return isAllowed ? [imageStream(entry, storyboard)] : [];
}

/** Returns the relative path from the requested folder to the canonical one; "" if they are the same. */
function canonicalFolder(request: FastifyRequest, viewport: Viewport, { asset }: CatalogEntry): string {
  const { region, size } = pathParams<"region" | "size">(request);
  const isCanonical =
    region === formatRegion(viewport.region, asset) && size === formatSize(viewport, viewport.region);
  return isCanonical ? "" : `../../${viewportPath(viewport, asset)}/`;
}
