import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

/** An id that a proxy gave: what logs and headers can hold without being escaped. */
const GIVEN = /^[\w.:/+=-]{1,128}$/;

/** The id of a request, from its `X-Request-Id` where that is one, else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && GIVEN.test(given) ? given : randomUUID();
}

/**
 * One line for each request at its end, and its id in the answer. The query is left out: it may hold a signature.
 * Errors have a line of their own, with the same id.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    const { raw } = reply;
    raw.once("close", () => {
      const [path] = request.url.split("?", 1);
      const milliseconds = Math.round(reply.elapsedTime);
      const facts = {
        method: request.method,
        path,
        status: raw.statusCode,
        milliseconds,
        client: request.ip,
      };
      if (raw.writableFinished) request.log.info(facts, "answered");
      else request.log.info(facts, "the client left");
    });
  });
}
