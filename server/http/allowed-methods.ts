import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";

const ALLOWED = "GET, HEAD, OPTIONS";
const METHODS = new Set(ALLOWED.split(", "));

/**
 * Rejects every write method with `Allow` (RFC 9110, 15.5.6) before reading a byte of the body. All resources are
 * read-only, so the path does not matter.
 */
export function rejectWriteMethods(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ method }) => {
    if (METHODS.has(method)) return;
    throw new RequestError("method-not-allowed", `method ${method} not allowed; use ${ALLOWED}`, {
      allow: ALLOWED,
      // Otherwise Node keeps reading the unwanted body, however slowly it arrives.
      connection: "close",
    });
  });
}
