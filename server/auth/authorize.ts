import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Viewport } from "../../codec/decode/viewport.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { UPLOAD_PATH } from "../../protocol/upload.js";
import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import type { Catalog } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";
import { planStoryboard } from "../render/storyboard.js";
import { ENCODE_ROUTE, routeOf } from "../request/video-router.js";
import { type PublicUrl, videoIdFromUrl } from "../request/video-url.js";
import { parseImageViewport } from "../request/viewport.js";
import type { Permissions } from "./permissions.js";
import { checkSignature, type Grant, type SignKey } from "./signature.js";

export interface AuthorizationOptions {
  /** If empty, no signature is required. */
  readonly signKeys: readonly SignKey[];
  readonly permissions: Permissions;
  /** Recognizes the videos in oEmbed requests. */
  readonly publicUrl: PublicUrl;
  /** Whether everyone may read metrics and statistics. */
  readonly hasPublicMetrics: boolean;
}

const GRANT = Symbol("siedd.grant");

declare module "fastify" {
  interface FastifyRequest {
    [GRANT]?: Grant | null;
  }
}

/** Routes that skip authorization. */
const PUBLIC_ROUTES = ["/player/*", "/healthz", "/readyz"];

/** Routes of operators. They need no signature, which proves only that its holder may view. */
const MONITORING_ROUTES: readonly string[] = ["/metrics", "/stats.json"];
const OPERATOR_ROUTES: readonly string[] = [ENCODE_ROUTE, ...MONITORING_ROUTES];

/** Routes that add a video. */
const UPLOAD_ROUTES: readonly string[] = [`/${UPLOAD_PATH}`, `/${UPLOAD_PATH}/:upload`];

/** Routes whose images have a size that the URL does not state. */
const STORYBOARD_ROUTE = /\/:id\/(?:storyboard[.-]|images\.m3u8$)/;

/** Adds the hook that checks the signature of each request and who sends it, ahead of all other hooks. */
export function authorizeRequests(
  app: FastifyInstance,
  catalog: Catalog,
  limits: SizeLimits,
  { signKeys, permissions, publicUrl, hasPublicMetrics }: AuthorizationOptions,
): void {
  app.decorateRequest(GRANT, null);
  app.addHook("onRequest", async (request) => {
    const route = routeOf(request);
    if (request.method === "OPTIONS" || route === undefined || PUBLIC_ROUTES.includes(route)) return;
    if (hasPublicMetrics && MONITORING_ROUTES.includes(route)) return;
    if (request.method !== "GET" && request.method !== "HEAD") permissions.assertSameOrigin(request);
    if (OPERATOR_ROUTES.includes(route)) {
      const { id } = request.params as { id?: string };
      return permissions.assertAllowed(
        request,
        id === undefined ? undefined : await catalog.find(id),
        "operate",
      );
    }
    if (UPLOAD_ROUTES.includes(route)) return permissions.assertAllowed(request, undefined, "upload");
    const { id, url, signature } = authorizationTarget(request, route, publicUrl);
    if (signKeys.length > 0) {
      const path = pathBelowPrefix(app.prefix, url);
      const grant = checkSignature(signKeys, signature, { id, path }, Date.now() / 1000);
      if (id === undefined && grant.scope === "video") throw insufficientGrant("one video, not the catalog");
      await assertWithinGrant(grant, request, catalog, limits);
      request[GRANT] = grant;
    }
    if (permissions.restrictsViewing) {
      await permissions.assertAllowed(request, id === undefined ? undefined : await catalog.open(id), "view");
    }
  });
}

/** Returns what the request's signature allows, or undefined if none was required. */
export const grantFor = (request: FastifyRequest): Grant | undefined => request[GRANT] ?? undefined;

/** Returns the size limits of a request: the server's, reduced to those of its signature. */
export function limitsFor(request: FastifyRequest, limits: SizeLimits): SizeLimits {
  const grant = grantFor(request);
  if (grant?.maxSide === undefined && grant?.maxArea === undefined) return limits;
  const { maxSide = limits.maxSide, maxArea = limits.maxArea } = grant;
  return {
    ...limits,
    maxSide: Math.min(limits.maxSide, maxSide),
    maxArea: Math.min(limits.maxArea, maxArea),
  };
}

/**
 * Returns the video id and URL to authorize, and the signature that must cover them. An oEmbed request is authorized for
 * the video that its parameter `url` refers to.
 */
function authorizationTarget(request: FastifyRequest, route: string | undefined, publicUrl: PublicUrl) {
  const { [SIGNATURE_PARAMETER]: signature, url: oembedUrl } = request.query as Record<string, unknown>;
  const embeddedId =
    route === "/player/oembed" && typeof oembedUrl === "string"
      ? videoIdFromUrl(oembedUrl, publicUrl.catalog(request))
      : undefined;
  if (typeof oembedUrl !== "string" || embeddedId === undefined) {
    return { id: (request.params as { id?: string }).id, url: request.url, signature };
  }
  // An oEmbed consumer passes only the video's URL (oembed.com, 2.1), so the signature is usually inside that URL.
  const { pathname, searchParams } = new URL(oembedUrl);
  return {
    id: embeddedId,
    url: pathname,
    signature: signature ?? searchParams.get(SIGNATURE_PARAMETER) ?? undefined,
  };
}

/**
 * Returns the decoded path below the prefix, `id/...`.
 *
 * @throws RequestError `not-found` for malformed percent-encoding
 */
function pathBelowPrefix(prefix: string, url: string): string {
  const [path] = url.split("?", 1);
  try {
    return decodeURIComponent(path.slice(prefix.length + 1));
  } catch {
    throw new RequestError("not-found", "path not found: malformed percent-encoding");
  }
}

/** Rejects with RequestError `bad-signature` if the size exceeds the grant's limits, or the request is for the asset. */
async function assertWithinGrant(
  grant: Grant,
  request: FastifyRequest,
  catalog: Catalog,
  limits: SizeLimits,
): Promise<void> {
  const { maxSide = Infinity, maxArea = Infinity } = grant;
  if (maxSide === Infinity && maxArea === Infinity) return;
  const { id, region, size } = request.params as { id?: string; region?: string; size?: string };
  if (id === undefined) return;
  // The asset can be decoded at any size.
  if (routeOf(request) === "/:id/asset") throw insufficientGrant("some sizes, not the asset");
  const entry = await catalog.open(id);
  const assertAllowed = ({ width, height }: Pick<Viewport, "width" | "height">) => {
    if (Math.max(width, height) <= maxSide && width * height <= maxArea) return;
    throw insufficientGrant(`${describeLimits(grant)}, not ${width}x${height}`);
  };
  if (STORYBOARD_ROUTE.test(routeOf(request) ?? "")) assertAllowed(planStoryboard(entry, limits).thumbnail);
  if (region === undefined || size === undefined) return;
  // Parsed with `^`, because only the route knows whether the size upscales: rounding an odd side up to even does not.
  const upscalable = /^\d*,\d*$/.test(size) ? `^${size}` : size;
  // Video rounds odd sides up to even ones; the extra pixel is not checked.
  assertAllowed(parseImageViewport({ region, size: upscalable }, entry.video, limits));
}

const describeLimits = ({ maxSide, maxArea }: Grant): string =>
  [
    ...(maxSide === undefined ? [] : [`sides up to ${maxSide} pixels`]),
    ...(maxArea === undefined ? [] : [`areas up to ${maxArea} pixels`]),
  ].join(" and ");

const insufficientGrant = (allowed: string): RequestError =>
  new RequestError("bad-signature", `insufficient signature: it allows ${allowed}`);
