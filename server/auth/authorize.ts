import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import type { Catalog, CatalogEntry } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";
import { parseRegion } from "../request/region.js";
import { parseImageSize } from "../request/size.js";
import { rootAddress, videoIdOfUrl } from "../web/oembed.js";
import { checkSignature, type Grant, type SignKey } from "./signature.js";

/**
 * Decides whether a request may have its answer, before any work. Nothing or true lets it pass, false is 403, a number
 * is the status of the answer; what it throws is answered as Fastify would.
 *
 * @param video undefined for the catalog
 */
export type Authorize = (
  request: FastifyRequest,
  entry: { readonly id: string; readonly file: string } | undefined,
) => undefined | boolean | number | Promise<undefined | boolean | number>;

export interface AccessOptions {
  /** Empty: no signature is asked for. */
  readonly signKeys: readonly SignKey[];
  readonly authorize: Authorize | undefined;
}

const GRANT = Symbol("siedd.grant");

declare module "fastify" {
  interface FastifyRequest {
    [GRANT]?: Grant | null;
  }
}

/** What tells nobody of a video. */
const OPEN_ROUTES = ["/player/*", "/healthz", "/readyz", "/metrics", "/stats.json"];

/** Checks signatures and asks `authorize`, ahead of everything else that a request of this instance does. */
export function authorizeRequests(
  app: FastifyInstance,
  catalog: Catalog,
  limits: SizeLimits,
  { signKeys, authorize }: AccessOptions,
): void {
  if (signKeys.length === 0 && authorize === undefined) return;
  app.decorateRequest(GRANT, null);
  app.addHook("onRequest", async (request) => {
    const route = request.routeOptions.url?.slice(app.prefix.length);
    if (request.method === "OPTIONS" || request.is404 || (route !== undefined && OPEN_ROUTES.includes(route)))
      return;
    const { id, url, signature } = askedFor(request, route, app.prefix);
    if (signKeys.length > 0) {
      const path = pathBelow(app.prefix, url);
      const grant = checkSignature(signKeys, signature, { id, path }, Date.now() / 1000);
      if (id === undefined && grant.scope === "video") throw tooLittle("one video, not the catalog");
      await expectWithin(grant, request, catalog, limits);
      request[GRANT] = grant;
    }
    if (authorize !== undefined)
      await ask(authorize, request, id === undefined ? undefined : await catalog.open(id));
  });
}

/** What the request's signature allows; undefined where none was asked for. */
export const grantFor = (request: FastifyRequest): Grant | undefined => request[GRANT] ?? undefined;

/** The limits that hold for a request: the server's, and those of its signature. */
export function limitsOf(request: FastifyRequest, limits: SizeLimits): SizeLimits {
  const grant = grantFor(request);
  if (grant?.maxSide === undefined && grant?.maxArea === undefined) return limits;
  const { maxSide = limits.maxSide, maxArea = limits.maxArea } = grant;
  return {
    ...limits,
    maxSide: Math.min(limits.maxSide, maxSide),
    maxArea: Math.min(limits.maxArea, maxArea),
  };
}

/** The video, path and signature of a request. */
function askedFor(request: FastifyRequest, route: string | undefined, prefix: string) {
  const { [SIGNATURE_PARAMETER]: signature, url: about } = request.query as Record<string, unknown>;
  const embedded =
    route === "/player/oembed" && typeof about === "string"
      ? videoIdOfUrl(about, rootAddress(request, prefix))
      : undefined;
  if (typeof about !== "string" || embedded === undefined) {
    return { id: (request.params as { id?: string }).id, url: request.url, signature };
  }
  // oEmbed (oembed.com, 2.1): whoever asks has the video's address and nothing else, so the signature is in there.
  const { pathname, searchParams } = new URL(about);
  return {
    id: embedded,
    url: pathname,
    signature: signature ?? searchParams.get(SIGNATURE_PARAMETER) ?? undefined,
  };
}

/** The decoded path below the prefix, `id/...`. Throws RequestError `not-found`. */
function pathBelow(prefix: string, url: string): string {
  const [path] = url.split("?", 1);
  try {
    return decodeURIComponent(path.slice(prefix.length + 1));
  } catch {
    throw new RequestError("not-found", "there is nothing at this path");
  }
}

/** Throws RequestError `bad-signature` for a size that the signature leaves out, and for the whole asset. */
async function expectWithin(
  grant: Grant,
  request: FastifyRequest,
  catalog: Catalog,
  limits: SizeLimits,
): Promise<void> {
  const { maxSide = Infinity, maxArea = Infinity } = grant;
  if (maxSide === Infinity && maxArea === Infinity) return;
  const { id, region, size } = request.params as { id?: string; region?: string; size?: string };
  if (id === undefined) return;
  // Whoever has the asset can draw it at any size.
  if (request.routeOptions.url?.endsWith("/:id/asset")) throw tooLittle("some sizes, not the asset");
  if (region === undefined || size === undefined) return;
  const { asset } = await catalog.open(id);
  // Whether it needs a caret is the route's to say: the even size of an odd video is no enlargement of its video.
  const asked = /^\d*,\d*$/.test(size) ? `^${size}` : size;
  const { width, height } = parseImageSize(asked, parseRegion(region, asset), limits);
  // Video rounds odd sides up to even ones: that pixel is given away.
  if (Math.max(width, height) > maxSide || width * height > maxArea) {
    throw tooLittle(`at most ${describe(grant)}, not ${width}x${height}`);
  }
}

const describe = ({ maxSide, maxArea }: Grant): string =>
  [
    ...(maxSide === undefined ? [] : [`${maxSide} pixels a side`]),
    ...(maxArea === undefined ? [] : [`${maxArea} pixels a picture`]),
  ].join(" and ");

const tooLittle = (what: string): RequestError =>
  new RequestError("bad-signature", `the signature of this address is good for ${what}`);

async function ask(
  authorize: Authorize,
  request: FastifyRequest,
  entry: CatalogEntry | undefined,
): Promise<void> {
  const verdict = await authorize(request, entry && { id: entry.id, file: entry.file });
  if (verdict === undefined || verdict === true) return;
  const status = typeof verdict === "number" ? verdict : 403;
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new TypeError(
      `siedd options.authorize must answer true, false, nothing or a status from 400 to 599, not ${verdict}`,
    );
  }
  throw new RequestError("not-authorized", "you may not have this", {}, status);
}
