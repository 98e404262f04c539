import type { FastifyInstance } from "fastify";
import { UPLOAD_PATH } from "../../protocol/upload.js";

/**
 * Closes the connection of a request that is not received in time. Node's own `requestTimeout` would also end uploads, which
 * take as long as their bytes need.
 *
 * @param timeoutMs milliseconds from the end of the headers
 */
export function limitRequestTime(app: FastifyInstance, timeoutMs: number): void {
  app.addHook("onRequest", async ({ raw, method, url }) => {
    if (raw.complete || (method === "PATCH" && url.includes(`/${UPLOAD_PATH}/`))) return;
    const timer = setTimeout(() => raw.complete || raw.destroy(), timeoutMs).unref();
    raw.once("close", () => clearTimeout(timer));
  });
}
