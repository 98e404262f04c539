import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";

const ALLOWED = "GET, HEAD, OPTIONS";
const METHODS = new Set(ALLOWED.split(", "));

/**
 * Refuses every method that would change something, with `Allow` (RFC 9110, 15.5.6), before a byte of its body is
 * read. Nothing that is served here can be changed, so that the path does not matter.
 */
export function rejectWriteMethods(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ method }) => {
    if (METHODS.has(method)) return;
    throw new RequestError("method-not-allowed", `${method} is not possible here, only ${ALLOWED}`, {
      allow: ALLOWED,
      // Else Node goes on taking a body that nobody wants, as slowly as it comes.
      connection: "close",
    });
  });
}
