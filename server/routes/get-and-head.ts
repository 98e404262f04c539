import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** Registers one handler for GET and HEAD. Fastify's own HEAD route would compute the body and discard it. */
export function getAndHead(app: FastifyInstance, url: string, handler: Handler): void {
  app.route({ method: ["GET", "HEAD"], url, exposeHeadRoute: false, handler });
}
