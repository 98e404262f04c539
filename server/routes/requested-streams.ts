import type { FastifyRequest } from "fastify";
import type { Rational } from "../../codec/asset/rational.js";
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
  /** The requested size if there is one, then others. */
  readonly sizes: readonly Viewport[];
  /** All sizes that need no request, largest first. */
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
  const sizes = requestedSizes(request, { ladder, allowed, frameRate: video.frameRate });
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

interface SizeContext {
  /** Not empty. */
  readonly ladder: readonly Viewport[];
  readonly allowed: SizeLimits;
  readonly frameRate: Rational;
}

/**
 * Returns the size of the query, then other sizes: the ladder after `?width=` and `?height=`, and only its smaller sizes
 * after `?size=`.
 *
 * @throws RequestError see `parseVideoSize`
 */
function requestedSizes(
  request: FastifyRequest,
  { ladder, allowed, frameRate }: SizeContext,
): readonly Viewport[] {
  const [{ region }] = ladder;
  const parse = (text: string): Viewport => ({
    region,
    ...parseVideoSize(text, region, allowed, frameRate),
  });
  const [size, width, height] = ["size", "width", "height"].map((name) => queryParam(request, name));
  if (width !== undefined || height !== undefined) {
    if (size === undefined) return [parse(`^${width ?? ""},${height ?? ""}`), ...ladder];
    throw new RequestError("bad-size", "size excludes width and height; omit one or the other");
  }
  if (size === undefined) return ladder;
  const largest = parse(size);
  return [largest, ...ladder.filter((level) => level.width < largest.width)];
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
