import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Viewport } from "../../codec/decode/viewport.js";
import { SAMPLE_ENTRIES, type VideoCodec } from "../../media/segments/video-codec.js";
import { encodeId } from "../../protocol/url-parameters.js";
import type { Catalog, CatalogEntry } from "../catalog/catalog.js";
import type { PluginContext } from "../context.js";
import { assertCurrentVersion } from "../http/send.js";
import type { VideoRendition } from "../render/rendition.js";
import { assertCodecSize, parseCodec } from "../request/codec.js";
import { pathParams, queryParam } from "../request/params.js";
import { parseVideoViewport } from "../request/viewport.js";

/** Opens the video of `/:id`, whatever version the URL has. Rejects as `Catalog.open` does. */
export const openVideo = (request: FastifyRequest, catalog: Catalog): Promise<CatalogEntry> =>
  catalog.open(pathParams<"id">(request).id);

/** Opens the video of `/:id`. Rejects as `openVideo` does, and with RequestError `stale-version`. */
export async function openCurrentVideo(request: FastifyRequest, catalog: Catalog): Promise<CatalogEntry> {
  const entry = await openVideo(request, catalog);
  assertCurrentVersion(request, entry.version);
  return entry;
}

export interface RequestedViewport {
  readonly entry: CatalogEntry;
  readonly viewport: Viewport;
}

/** Opens the video of `/:id/:region/:size/` and parses its viewport. Rejects with RequestError. */
export async function requestedViewport(
  request: FastifyRequest,
  { catalog, limits }: PluginContext,
): Promise<RequestedViewport> {
  const entry = await openCurrentVideo(request, catalog);
  const params = pathParams<"region" | "size">(request);
  return { entry, viewport: parseVideoViewport(params, entry.video, limits) };
}

export interface RequestedRendition extends VideoRendition {
  readonly codec: VideoCodec;
}

/** Parses `/:id/:region/:size/` and `?codec=`. Rejects with RequestError. */
export async function requestedRendition(
  request: FastifyRequest,
  context: PluginContext,
): Promise<RequestedRendition> {
  const { entry, viewport } = await requestedViewport(request, context);
  const codec = parseCodec(queryParam(request, "codec"), context.codecs);
  const { width, height } = viewport;
  assertCodecSize({ width, height, frameRate: entry.video.frameRate }, codec);
  return { entry, viewport, sampleEntry: SAMPLE_ENTRIES[codec], codec };
}

/**
 * Sets the Link header that names the canonical URL of a resource with several URLs.
 *
 * @param path below `/:id/`
 */
export function setCanonicalLink(app: FastifyInstance, reply: FastifyReply, id: string, path: string): void {
  reply.header("link", `<${app.prefix}/${encodeId(id)}/${path}>; rel="canonical"`);
}
