import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VideoSegment } from "../catalog/timeline.js";
import type { PluginContext } from "../context.js";
import { keyframeKey } from "../render/keyframes.js";
import { findSegment, renditionKey, type VideoRendition } from "../render/rendition.js";
import { codecQuery } from "../request/codec.js";
import { pathParams } from "../request/params.js";
import { formatRegion, parseRegion } from "../request/region.js";
import { elasticViewport, viewportPath } from "../request/viewport.js";
import { getAndHead } from "./get-and-head.js";
import {
  openCurrentVideo,
  requestedRendition,
  requestedViewport,
  setCanonicalLink,
} from "./requested-video.js";
import { sendKeyed } from "./send-content.js";

const MP4 = "video/mp4";

/** Init segments, media segments and keyframes of video renditions. */
export function segmentRoutes(app: FastifyInstance, context: PluginContext): void {
  fixedSizeRoutes(app, context);
  elasticRoutes(app, context);
  keyframeRoute(app, context);
}

/** `init.mp4` and `seg-:k.m4s` of one size, in the codec of the query. */
function fixedSizeRoutes(app: FastifyInstance, context: PluginContext): void {
  getAndHead(app, "/:id/:region/:size/init.mp4", async (request, reply) => {
    const rendition = await requestedRendition(request, context);
    setRenditionLink(app, reply, rendition, `init.mp4${codecQuery(rendition.codec)}`);
    return sendInit(request, reply, rendition, context);
  });

  getAndHead(app, "/:id/:region/:size/seg-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const rendition = await requestedRendition(request, context);
    const segment = requestedSegment(request, rendition);
    setRenditionLink(app, reply, rendition, `seg-${segment.index}.m4s${codecQuery(rendition.codec)}`);
    return sendSegment(request, reply, { ...rendition, segment }, context);
  });
}

/** The init segment that all sizes of a region share, and segments of any size that fit it. */
function elasticRoutes(app: FastifyInstance, context: PluginContext): void {
  getAndHead(app, "/:id/:region/elastic/init.mp4", async (request, reply) => {
    const entry = await openCurrentVideo(request, context.catalog);
    const region = parseRegion(pathParams<"region">(request).region, entry.video);
    setCanonicalLink(app, reply, entry.id, `${formatRegion(region, entry.video)}/elastic/init.mp4`);
    const viewport = elasticViewport(region, context.limits, entry.video.frameRate);
    return sendInit(request, reply, { entry, viewport, sampleEntry: "avc3" }, context);
  });

  getAndHead(app, "/:id/:region/:size/elastic-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const rendition = { ...(await requestedViewport(request, context)), sampleEntry: "avc3" as const };
    const segment = requestedSegment(request, rendition);
    setRenditionLink(app, reply, rendition, `elastic-${segment.index}.m4s`);
    return sendSegment(request, reply, { ...rendition, segment }, context);
  });
}

/** `iframe-:k.m4s`: the keyframe of a segment alone, always H.264. */
function keyframeRoute(app: FastifyInstance, context: PluginContext): void {
  getAndHead(app, "/:id/:region/:size/iframe-:k(^\\d{1,9}$).m4s", async (request, reply) => {
    const rendition = { ...(await requestedViewport(request, context)), sampleEntry: "avc1" as const };
    const segment = requestedSegment(request, rendition);
    setRenditionLink(app, reply, rendition, `iframe-${segment.index}.m4s`);
    return sendKeyed(request, reply, {
      type: MP4,
      key: keyframeKey(rendition, segment),
      version: rendition.entry.version,
      body: (signal) => context.keyframes.keyframe(rendition, segment, signal),
    });
  });
}

/** Returns the segment of `:k`. Throws RequestError `no-such-segment`. */
const requestedSegment = (request: FastifyRequest, { entry }: VideoRendition): VideoSegment =>
  findSegment(entry, Number(pathParams<"k">(request).k));

const setRenditionLink = (
  app: FastifyInstance,
  reply: FastifyReply,
  { entry, viewport }: VideoRendition,
  file: string,
): void => setCanonicalLink(app, reply, entry.id, `${viewportPath(viewport, entry.video)}/${file}`);

const sendInit = (
  request: FastifyRequest,
  reply: FastifyReply,
  rendition: VideoRendition,
  { segments }: PluginContext,
): Promise<FastifyReply> =>
  sendKeyed(request, reply, {
    type: MP4,
    key: renditionKey(rendition, "init"),
    version: rendition.entry.version,
    body: (signal) => segments.init(rendition, signal),
  });

const sendSegment = (
  request: FastifyRequest,
  reply: FastifyReply,
  { segment, ...rendition }: VideoRendition & { readonly segment: VideoSegment },
  { segments, counts }: PluginContext,
): Promise<FastifyReply> => {
  if (request.method === "GET") counts.add(rendition.entry.id);
  return sendKeyed(request, reply, {
    type: MP4,
    key: renditionKey(rendition, `${segment.index}`),
    version: rendition.entry.version,
    body: (signal) => segments.segment(rendition, segment, signal),
  });
};
