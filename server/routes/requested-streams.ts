import type { FastifyRequest } from "fastify";
import type { Region, Viewport } from "../../codec/decode/viewport.js";
import type { VideoCodec } from "../../media/segments/video-codec.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { limitsFor } from "../auth/authorize.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { planStoryboard, type Storyboard } from "../render/storyboard.js";
import { assertCodecSize, parseCodec } from "../request/codec.js";
import { queryParam } from "../request/params.js";
import { formatRegion, parseRegion } from "../request/region.js";
import { parseVideoSize } from "../request/size.js";
import { resolutionLadder } from "../request/viewport.js";
import { openVideo, requestedRendition } from "./requested-video.js";

/** What a master playlist or a manifest offers. */
export interface RequestedStreams {
  readonly entry: CatalogEntry;
  /** The requested size if there is one, then the ladder. */
  readonly sizes: readonly Viewport[];
  /** The sizes that need no request, largest first. */
  readonly ladder: readonly Viewport[];
  readonly codec: VideoCodec;
  readonly storyboard: Storyboard | undefined;
}

/**
 * Opens the video of `/:id` and parses `?region=`, `?size=` (or `?width=` and `?height=`) and `?codec=`. Rejects with
 * RequestError.
 */
export async function requestedStreams(
  request: FastifyRequest,
  { catalog, limits, codecs }: PluginContext,
): Promise<RequestedStreams> {
  const entry = await openVideo(request, catalog);
  const { video } = entry;
  const allowed = limitsFor(request, limits);
  const region = parseRegion(queryParam(request, "region") ?? "full", video);
  const codec = parseCodec(queryParam(request, "codec"), codecs);
  const ladder = resolutionLadder(region, allowed);
  const size = requestedSize(request);
  const exact =
    size === undefined ? [] : [{ region, ...parseVideoSize(size, region, allowed, video.frameRate) }];
  const sizes = [...exact, ...ladder];
  const [{ width, height }] = sizes;
  assertCodecSize({ width, height, frameRate: video.frameRate }, codec);
  const storyboard = allowedStoryboard(request, { entry, region, limits });
  return { entry, sizes, ladder, codec, storyboard };
}

/** Opens the video of `/:id/:region/:size/` and parses `?codec=`. Offers that size only. Rejects with RequestError. */
export async function requestedSizeStreams(
  request: FastifyRequest,
  context: PluginContext,
): Promise<RequestedStreams & { readonly viewport: Viewport }> {
  const { entry, viewport, codec } = await requestedRendition(request, context);
  const { region } = viewport;
  const { limits } = context;
  const ladder = resolutionLadder(region, limitsFor(request, limits));
  const storyboard = allowedStoryboard(request, { entry, region, limits });
  return { entry, viewport, sizes: [viewport], ladder, codec, storyboard };
}

/** Returns the size of the query in the form of the URL's `:size`; undefined if it has none. Throws RequestError `bad-size`. */
function requestedSize(request: FastifyRequest): string | undefined {
  const [size, width, height] = ["size", "width", "height"].map((name) => queryParam(request, name));
  if (width === undefined && height === undefined) return size;
  if (size === undefined) return `^${width ?? ""},${height ?? ""}`;
  throw new RequestError("bad-size", "size excludes width and height; omit one or the other");
}

/** The streams that a storyboard would be offered with. */
interface StoryboardContext {
  readonly entry: CatalogEntry;
  readonly region: Region;
  readonly limits: SizeLimits;
}

/**
 * Returns the storyboard of the full frame. Undefined for another region, and if the signature only allows smaller sizes
 * than its thumbnails.
 */
function allowedStoryboard(
  request: FastifyRequest,
  { entry, region, limits }: StoryboardContext,
): Storyboard | undefined {
  if (formatRegion(region, entry.video) !== "full") return undefined;
  const storyboard = planStoryboard(entry, limits);
  const { width, height } = storyboard.thumbnail;
  const { maxSide, maxArea } = limitsFor(request, limits);
  return Math.max(width, height) <= maxSide && width * height <= maxArea ? storyboard : undefined;
}
