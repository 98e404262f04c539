import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { isComplete } from "../http/is-complete.js";

/** Ids from a proxy that need no escaping in logs and headers. */
const VALID_ID = /^[\w.:/+=-]{1,128}$/;

/** Returns the id of a request: its `X-Request-Id` if valid, or else a new one. */
export function requestId({ headers }: IncomingMessage): string {
  const id = headers["x-request-id"];
  return typeof id === "string" && VALID_ID.test(id) ? id : randomUUID();
}

/**
 * Logs one line when a request ends, and returns its id in `X-Request-Id`. The query is omitted, as it may contain a
 * signature. Errors are logged separately, with the same id.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    const { raw } = reply;
    raw.once("close", () => {
      const [path] = request.url.split("?", 1);
      const fields = {
        method: request.method,
        path,
        status: raw.statusCode,
        milliseconds: Math.round(reply.elapsedTime),
        client: request.ip,
      };
      request.log.info(fields, isComplete(raw) ? "request completed" : "client disconnected");
    });
  });
}
