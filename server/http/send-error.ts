import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { SieddError } from "../../codec/errors.js";
import { WorkerCrashedError } from "../../decode-pool/errors.js";
import { MediaError } from "../../media/errors.js";
import { OriginError, RequestError } from "../errors.js";
import { errorPagePolicy, renderErrorPage } from "../web/error-page.js";
import { setPagePolicy } from "../web/page-policy.js";
import { prefersHtml } from "./accept.js";
import { NO_STORE } from "./caching.js";
import { ClientDisconnectedError } from "./send.js";

interface ErrorBody {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Maps an error to a response. Unknown errors get a generic message, because their own may reveal internals. */
export function describeError(error: unknown): ErrorBody {
  const headers = {};
  if (error instanceof RequestError) return error;
  if (error instanceof SieddError) {
    // The player retries, and the reloaded playlist has the new version.
    if (error.code === "asset-replaced")
      return { status: 503, code: error.code, message: error.message, headers: { "retry-after": "1" } };
    const status = error.code === "bad-request" ? 400 : 500;
    return { status, code: error.code, message: error.message, headers };
  }
  if (error instanceof MediaError || error instanceof WorkerCrashedError) {
    return { status: 500, code: error.code, message: error.message, headers };
  }
  const { statusCode, code, message } = error as Partial<FastifyError>;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return {
      status: statusCode,
      code: code ?? "bad-request",
      message: message ?? "the request is malformed",
      headers,
    };
  }
  return { status: 500, code: "internal", message: "internal server error; see the server log", headers };
}

/**
 * Handles the errors of the plugin: sends `{ error: { code, message } }`, which no cache stores. A browser that opens the
 * URL, in a tab or an iframe, gets a page instead.
 */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (error instanceof ClientDisconnectedError) {
    reply.hijack();
    reply.raw.destroy();
    return;
  }
  const { status, code, message, headers } = describeError(error);
  const isReplaced = error instanceof SieddError && error.code === "asset-replaced";
  const isExpected = isReplaced || (error instanceof RequestError && !(error instanceof OriginError));
  if (status >= 500 && !isExpected) request.log.error({ err: error, code }, message);
  for (const name of ["etag", "last-modified", "content-range", "content-encoding", "link"])
    reply.removeHeader(name);
  const sniffing = { "x-content-type-options": "nosniff" };
  reply.code(status).headers({ ...headers, ...sniffing, vary: "accept", "cache-control": NO_STORE });
  if (prefersHtml(request.headers.accept)) {
    setPagePolicy(reply, errorPagePolicy(/\/player\/embed\//.test(request.url) ? "*" : "'self'"));
    reply.type("text/html; charset=utf-8").send(renderErrorPage({ status, code, message }));
    return;
  }
  reply.type("application/json; charset=utf-8").send({ error: { code, message } });
}
