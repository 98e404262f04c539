import type { FastifyInstance } from "fastify";

const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Content-Range, Accept-Ranges, ETag, Link, Retry-After, Server-Timing",
  "timing-allow-origin": "*",
  // Pages that are cross-origin isolated may load nothing without it.
  "cross-origin-resource-policy": "cross-origin",
  // Names and subtitles are somebody's: no browser is to take them for a page or a script.
  "x-content-type-options": "nosniff",
};

const PREFLIGHT = {
  "access-control-allow-methods": "GET, HEAD",
  // Players that tell of their buffer in headers (CTA-5004) would get nothing at all without the last four.
  "access-control-allow-headers":
    "Range, If-Range, If-None-Match, If-Match, If-Modified-Since, CMCD-Request, CMCD-Object, CMCD-Session, CMCD-Status",
  "access-control-max-age": "86400",
};

/** Lets pages of any origin read every answer: there are no credentials here to protect. */
export function allowCrossOrigin(app: FastifyInstance): void {
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(HEADERS);
  });
  const url = "/*";
  // An application with a CORS plugin of its own answers preflights already.
  if (app.hasRoute({ method: "OPTIONS", url: `${app.prefix}${url}` })) return;
  app.options(url, async (_request, reply) => reply.code(204).headers(PREFLIGHT).send());
}
