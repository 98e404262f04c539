import type { FastifyInstance, FastifyReply } from "fastify";

/** Names the one URL of an answer that has several, `path` being below `/:id/`. */
export function canonicalLink(app: FastifyInstance, reply: FastifyReply, id: string, path: string): void {
  reply.header("link", `<${app.prefix}/${encodeURIComponent(id)}/${path}>; rel="canonical"`);
}
