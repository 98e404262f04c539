import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { VideoRoute } from "../request/video-path.js";
import { addVideoRoute } from "../request/video-router.js";

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/**
 * Registers one handler for GET and HEAD. Fastify's own HEAD route would compute the body and discard it.
 *
 * @param url a path that does not start with `:`, or a route of a video
 */
export function getAndHead(app: FastifyInstance, url: string, handler: Handler): void {
  if (url.startsWith("/:id/")) addVideoRoute(app, url as VideoRoute, handler);
  else app.route({ method: ["GET", "HEAD"], url, exposeHeadRoute: false, handler });
}
