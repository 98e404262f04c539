import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** One handler for GET and HEAD: Fastify's own HEAD would compute the body to throw it away. */
export function getAndHead(app: FastifyInstance, url: string, handler: Handler): void {
  app.route({ method: ["GET", "HEAD"], url, exposeHeadRoute: false, handler });
}
