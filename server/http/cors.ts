import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { UPLOAD_PATH } from "../../protocol/upload.js";

const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Range, Accept-Ranges, ETag, Link, Retry-After, Server-Timing",
  "timing-allow-origin": "*",
  // Cross-origin isolated pages load only resources with this header.
  "cross-origin-resource-policy": "cross-origin",
  // Titles and subtitles are untrusted text: browsers must not sniff them as HTML or scripts.
  "x-content-type-options": "nosniff",
};

const PREFLIGHT = {
  "access-control-allow-methods": "GET, HEAD",
  // Players that send CMCD headers (CTA-5004) would fail every request without the last four.
  "access-control-allow-headers":
    "Range, If-Range, If-None-Match, If-Match, If-Modified-Since, CMCD-Request, CMCD-Object, CMCD-Session, CMCD-Status",
  "access-control-max-age": "86400",
};

/**
 * Lets pages of any origin read every response, except those to uploads; there are no cookies or other ambient credentials
 * to protect.
 */
export function allowCrossOrigin(app: FastifyInstance): void {
  const setHeaders = async ({ routeOptions }: FastifyRequest, reply: FastifyReply) => {
    if (!routeOptions.url?.startsWith(`${app.prefix}/${UPLOAD_PATH}`)) reply.headers(HEADERS);
  };
  app.addHook("onRequest", setHeaders);
  // Again, after hooks that the application adds later: @fastify/helmet allows pages of the same origin only.
  app.addHook("preHandler", setHeaders);
  const url = "/*";
  // An application with its own CORS plugin already handles preflights.
  if (app.hasRoute({ method: "OPTIONS", url: `${app.prefix}${url}` })) return;
  app.options(url, async (_request, reply) => reply.code(204).headers(PREFLIGHT).send());
}
