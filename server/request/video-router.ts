import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { RequestError, ServeError } from "../errors.js";
import {
  decodePath,
  idOfDecodedPath,
  parseVideoPath,
  VIDEO_ROUTES,
  type VideoPath,
  type VideoRoute,
} from "./video-path.js";

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

const HANDLERS = Symbol("siedd.videoHandlers");
const MATCH = Symbol("siedd.videoPath");
const WILDCARD = "/*";
/** Controls the encode of a video. */
export const ENCODE_ROUTE = "/player/encode/:action/*";
/** Routes with an id at the end, below `player`. */
const PAGE_ROUTES = ["/player/embed/*", "/player/video/*", ENCODE_ROUTE];

declare module "fastify" {
  interface FastifyInstance {
    [HANDLERS]?: Map<VideoRoute, Handler>;
  }
  interface FastifyRequest {
    [MATCH]?: VideoPath | null;
  }
}

/**
 * Registers the wildcard route that dispatches the URLs of videos, because Fastify's router cannot match parameters that
 * contain slashes. The hook must run before all hooks that read `request.params`.
 *
 * @param notFound responds to paths that name no resource
 * @throws ServeError `bad-option` if the application already has a wildcard route at this prefix
 */
export function dispatchVideoRoutes(app: FastifyInstance, notFound: Handler): void {
  const handlers = new Map<VideoRoute, Handler>();
  app.decorate(HANDLERS, handlers);
  app.decorateRequest(MATCH, null);
  const url = `${app.prefix}${WILDCARD}`;
  if (app.hasRoute({ method: "GET", url })) {
    throw new ServeError(
      "bad-option",
      `siedd options.prefix: the application already has the route ${url}; set another prefix`,
    );
  }
  app.addHook("onRequest", async (request) => {
    const path = decodeSegments(
      request.url.split("?", 1)[0].slice(app.prefix.length + 1),
      maxParamLength(app),
    );
    const route = routeOf(request);
    if (route !== undefined && PAGE_ROUTES.includes(route)) {
      request.params = { ...(request.params as object), id: idOfDecodedPath(path) };
    }
    if (request.routeOptions.url !== url) return;
    const match = parseVideoPath(path);
    request[MATCH] = match ?? null;
    if (match !== undefined) request.params = match.params;
  });
  app.route({
    method: ["GET", "HEAD"],
    url: WILDCARD,
    exposeHeadRoute: false,
    handler: (request, reply) => {
      const handler = request[MATCH] && handlers.get(request[MATCH].route);
      return (handler ?? notFound)(request, reply);
    },
  });
}

/** Returns the maximum length of a parameter in the application's router. */
export const maxParamLength = (app: FastifyInstance): number =>
  app.initialConfig.routerOptions?.maxParamLength ?? app.initialConfig.maxParamLength ?? 100;

/**
 * Decodes a path whose segments have at most `max` characters each, a limit that Fastify does not apply to wildcards.
 *
 * @throws RequestError `bad-url`, with status 414 for a longer segment
 */
function decodeSegments(path: string, max: number): string {
  const fits = (text: string, limit: number) => text.split("/").every(({ length }) => length <= limit);
  // An encoded character has three.
  const decoded = fits(path, 3 * max) ? decodePath(path) : undefined;
  if (decoded !== undefined && fits(decoded, max)) return decoded;
  throw new RequestError("bad-url", `path segments must not exceed ${max} characters`, {}, 414);
}

/** Registers the handler of a route that `dispatchVideoRoutes` dispatches. */
export function addVideoRoute(app: FastifyInstance, route: VideoRoute, handler: Handler): void {
  if (!VIDEO_ROUTES.includes(route)) throw new Error(`${route} is missing from VIDEO_ROUTES`);
  app[HANDLERS]?.set(route, handler);
}

/** Returns the route of a request below the prefix, such as `/:id/info.json`; undefined if no route matches. */
export function routeOf(request: FastifyRequest): string | undefined {
  if (request.is404) return undefined;
  const route = request.routeOptions.url?.slice(request.server.prefix.length);
  return route === WILDCARD ? request[MATCH]?.route : route;
}
