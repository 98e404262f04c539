import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import { answerHead, strongEtag } from "../http/answer.js";
import { REVALIDATE } from "../http/caching.js";
import { ifRangeHolds } from "../http/preconditions.js";
import { parseRange } from "../http/range.js";
import type { Server } from "../server-parts.js";
import { getAndHead } from "./get-and-head.js";

const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];

/**
 * The asset's file. @fastify/static sends it, but knows weak tags only, with which If-Range never holds, and
 * answers a malformed Range with 416: so conditions and ranges are settled here, and taken off the request.
 */
export function assetRoute(app: FastifyInstance, { catalogue }: Server): void {
  getAndHead(app, "/:id/asset", async (request, reply) => {
    const film = await catalogue.open((request.params as { id: string }).id);
    const { size, mtimeMs } = film.identity;
    const validators = { etag: strongEtag(film.version), lastModified: mtimeMs };
    reply.header("accept-ranges", "bytes");
    if (!answerHead(request, reply, { ...validators, cacheControl: REVALIDATE })) return reply;
    reply.type("application/octet-stream");
    if (request.method === "HEAD") return reply.header("content-length", size).send();

    const { headers } = request.raw;
    const range = ifRangeHolds(request.headers["if-range"] as string | undefined, validators)
      ? parseRange(headers.range, size)
      : { kind: "whole" as const };
    for (const name of CONDITIONS) delete headers[name];
    if (range.kind === "unsatisfiable") {
      throw new RequestError("range-not-satisfiable", `the asset has ${size} bytes`, {
        "content-range": `bytes */${size}`,
      });
    }
    if (range.kind === "part") headers.range = `bytes=${range.first}-${range.last}`;
    else delete headers.range;
    return reply.sendFile(film.file, catalogue.root, {
      etag: false,
      lastModified: false,
      cacheControl: false,
    });
  });
}
