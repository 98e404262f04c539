import type { FastifyInstance } from "fastify";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { REVALIDATE } from "../http/caching.js";
import { ifRangeMatches } from "../http/preconditions.js";
import { parseRange } from "../http/range.js";
import { applyPreconditions, strongEtag } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";
import { openVideo } from "./requested-video.js";

/** `/:id/asset`: the bytes of the asset file. Supports one byte range; other Range headers get the full file. */
export function assetRoute(app: FastifyInstance, { catalog }: PluginContext): void {
  getAndHead(app, "/:id/asset", async (request, reply) => {
    const { id, stored, version } = await openVideo(request, catalog);
    if (stored === undefined) throw notEncoded(id);
    const { source } = stored;
    const { size, lastModified } = source;
    const validators = { etag: strongEtag(version), ...(lastModified !== undefined && { lastModified }) };
    reply.header("accept-ranges", "bytes");
    if (!applyPreconditions(request, reply, { ...validators, cacheControl: REVALIDATE })) return reply;
    reply.type("application/octet-stream");
    if (request.method === "HEAD") return reply.header("content-length", size).send();

    const isRangeValid = ifRangeMatches(request.headers["if-range"] as string | undefined, validators);
    const range = parseRange(isRangeValid ? request.headers.range : undefined, size);
    if (range.kind === "unsatisfiable") {
      throw new RequestError("range-not-satisfiable", `range not satisfiable: the asset has ${size} bytes`, {
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

const notEncoded = (id: string): RequestError =>
  new RequestError("not-encoded", `"${id}" is a source that is not encoded yet, so it has no asset`);
