import type { FastifyInstance, FastifyRequest } from "fastify";
import { grantFor, limitsOf } from "../auth/authorize.js";
import { signedLink } from "../auth/sign-links.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { EMBED_POLICY, embedPage } from "../web/embed-page.js";
import { oembedOf, rootAddress, videoIdOfUrl } from "../web/oembed.js";
import { getAndHead } from "./get-and-head.js";
import { sendText } from "./send-text.js";

/** A page for each video that others may frame, and oEmbed (oembed.com), by which they find out how. */
export function embedRoutes(app: FastifyInstance, { catalog, limits }: PluginContext): void {
  const rootOf = (request: FastifyRequest) => rootAddress(request, app.prefix);

  getAndHead(app, "/player/embed/:id", async (request, reply) => {
    const entry = await catalog.open((request.params as { id: string }).id);
    const root = rootOf(request);
    const sign = signedLink(grantFor(request));
    const page = sign(new URL(`player/embed/${encodeURIComponent(entry.id)}`, root).href);
    const body = embedPage(entry, new URL(`player/oembed?url=${encodeURIComponent(page)}`, root).href, sign);
    reply.headers({ "content-security-policy": EMBED_POLICY, "referrer-policy": "no-referrer" });
    return sendText(request, reply, "text/html; charset=utf-8", body);
  });

  getAndHead(app, "/player/oembed", async (request, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>;
    const { format = "json", url } = query;
    if (format !== "json") {
      throw new RequestError("bad-format", "oEmbed is answered as JSON here; leave out format", {}, 501);
    }
    const root = rootOf(request);
    const id = typeof url === "string" ? videoIdOfUrl(url, root) : undefined;
    if (id === undefined) {
      throw new RequestError(
        "not-found",
        `url must be the address of a video of this server, as in ?url=${root}video; percent-encode it`,
      );
    }
    const max = (name: string) => {
      const pixels = Number(query[name] ?? Number.POSITIVE_INFINITY);
      return pixels >= 1 ? pixels : Number.POSITIVE_INFINITY;
    };
    const room = { width: max("maxwidth"), height: max("maxheight") };
    const grant = grantFor(request);
    const age = grant === undefined ? Infinity : grant.expires - Date.now() / 1000;
    const place = { root, sign: signedLink(grant), age };
    const within = limitsOf(request, limits);
    const body = JSON.stringify(oembedOf(await catalog.open(id), place, within, room));
    return sendText(request, reply, "application/json; charset=utf-8", body);
  });
}
