import type { FastifyInstance } from "fastify";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { REVALIDATE } from "../http/caching.js";
import { ifRangeHolds } from "../http/preconditions.js";
import { parseRange } from "../http/range.js";
import { sendHead, strongEtag } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";

/** The asset's bytes, from wherever they lie. One range at most: several, like a malformed one, give the whole. */
export function assetRoute(app: FastifyInstance, { catalog }: PluginContext): void {
  getAndHead(app, "/:id/asset", async (request, reply) => {
    const { source, version } = await catalog.open((request.params as { id: string }).id);
    const { size, modified } = source;
    const validators = {
      etag: strongEtag(version),
      ...(modified !== undefined && { lastModified: modified }),
    };
    reply.header("accept-ranges", "bytes");
    if (!sendHead(request, reply, { ...validators, cacheControl: REVALIDATE })) return reply;
    reply.type("application/octet-stream");
    if (request.method === "HEAD") return reply.header("content-length", size).send();

    const range = ifRangeHolds(request.headers["if-range"] as string | undefined, validators)
      ? parseRange(request.headers.range, size)
      : { kind: "whole" as const };
    if (range.kind === "unsatisfiable") {
      throw new RequestError("range-not-satisfiable", `the asset has ${size} bytes`, {
        "content-range": `bytes */${size}`,
      });
    }
    const { first, last } = range.kind === "part" ? range : { first: 0, last: size - 1 };
    const body = await source.stream(first, last);
    reply.header("content-length", last - first + 1);
    if (range.kind === "part") reply.code(206).header("content-range", `bytes ${first}-${last}/${size}`);
    return reply.send(body);
  });
}
