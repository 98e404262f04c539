import type { FastifyInstance, FastifyRequest } from "fastify";
import { grantOf, limitsOf } from "../auth/authorize.js";
import { signedLink } from "../auth/sign-links.js";
import type { Server } from "../context.js";
import { RequestError } from "../errors.js";
import { EMBED_POLICY, embedPage } from "../web/embed-page.js";
import { filmOfAddress, oembedOf, rootAddress } from "../web/oembed.js";
import { getAndHead } from "./get-and-head.js";
import { answerText } from "./send-text.js";

/** A page for each film that others may frame, and oEmbed (oembed.com), by which they find out how. */
export function embedRoutes(app: FastifyInstance, { catalogue, limits }: Server): void {
  const rootOf = (request: FastifyRequest) => rootAddress(request, app.prefix);

  getAndHead(app, "/player/embed/:id", async (request, reply) => {
    const film = await catalogue.open((request.params as { id: string }).id);
    const root = rootOf(request);
    const sign = signedLink(grantOf(request));
    const page = sign(new URL(`player/embed/${encodeURIComponent(film.id)}`, root).href);
    const body = embedPage(film, new URL(`player/oembed?url=${encodeURIComponent(page)}`, root).href, sign);
    reply.headers({ "content-security-policy": EMBED_POLICY, "referrer-policy": "no-referrer" });
    return answerText(request, reply, "text/html; charset=utf-8", body);
  });

  getAndHead(app, "/player/oembed", async (request, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>;
    const { format = "json", url } = query;
    if (format !== "json") {
      throw new RequestError("bad-format", "oEmbed is answered as JSON here; leave out format", {}, 501);
    }
    const root = rootOf(request);
    const id = typeof url === "string" ? filmOfAddress(url, root) : undefined;
    if (id === undefined) {
      throw new RequestError(
        "not-found",
        `url must be the address of a film of this server, as in ?url=${root}film; percent-encode it`,
      );
    }
    const most = (name: string) => {
      const pixels = Number(query[name] ?? Number.POSITIVE_INFINITY);
      return pixels >= 1 ? pixels : Number.POSITIVE_INFINITY;
    };
    const room = { width: most("maxwidth"), height: most("maxheight") };
    const grant = grantOf(request);
    const age = grant === undefined ? Infinity : grant.expires - Date.now() / 1000;
    const place = { root, sign: signedLink(grant), age };
    const within = limitsOf(request, limits);
    const body = JSON.stringify(oembedOf(await catalogue.open(id), place, within, room));
    return answerText(request, reply, "application/json; charset=utf-8", body);
  });
}
