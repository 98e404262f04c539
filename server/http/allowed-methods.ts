import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";

const ALLOWED = "GET, HEAD, OPTIONS";
const METHODS = new Set(ALLOWED.split(", "));

/**
 * Rejects write methods with `Allow` (RFC 9110, 15.5.6) before reading a byte of the body, except on routes that are
 * registered for them. All other resources are read-only, so the path does not matter.
 */
export function rejectWriteMethods(app: FastifyInstance): void {
  app.addHook("onRequest", async ({ method, is404 }) => {
    if (METHODS.has(method) || !is404) return;
    throw new RequestError("method-not-allowed", `method ${method} not allowed; use ${ALLOWED}`, {
      allow: ALLOWED,
      // Otherwise Node keeps reading the unwanted body, however slowly it arrives.
      connection: "close",
    });
  });
}
