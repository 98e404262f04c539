import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { encodeId } from "../../protocol/url-parameters.js";
import { grantFor, limitsFor } from "../auth/authorize.js";
import { linkSigner } from "../auth/sign-links.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { queryParam } from "../request/params.js";
import type { Size } from "../request/size.js";
import { videoIdFromUrl } from "../request/video-url.js";
import { renderEmbedPage } from "../web/embed-page.js";
import { oembedResponse } from "../web/oembed.js";
import { playerPagePolicy, setPagePolicy } from "../web/page-policy.js";
import { getAndHead } from "./get-and-head.js";
import { openVideo } from "./requested-video.js";
import { sendJson, sendText } from "./send-content.js";

const EMBED_POLICY = playerPagePolicy("*");

/** Embed pages, one per video, and oEmbed (oembed.com), by which other sites discover them. */
export function embedRoutes(app: FastifyInstance, { catalog, limits, publicUrl }: PluginContext): void {
  /** Returns the absolute URL of the catalog, and says which headers of a proxy it depends on. */
  const absoluteRoot = (request: FastifyRequest, reply: FastifyReply): string => {
    if (!publicUrl.isConfigured) reply.header("vary", "x-forwarded-host, x-forwarded-proto");
    return publicUrl.catalog(request);
  };

  getAndHead(app, "/player/embed/*", async (request, reply) => {
    const entry = await openVideo(request, catalog);
    const root = absoluteRoot(request, reply);
    const sign = linkSigner(grantFor(request));
    const page = sign(new URL(`player/embed/${encodeId(entry.id)}`, root).href);
    const oembed = new URL(`player/oembed?url=${encodeURIComponent(page)}`, root).href;
    setPagePolicy(reply, EMBED_POLICY);
    return sendText(request, reply, "text/html; charset=utf-8", renderEmbedPage(entry, oembed, sign));
  });

  getAndHead(app, "/player/oembed", async (request, reply) => {
    if ((queryParam(request, "format") ?? "json") !== "json") {
      throw new RequestError("bad-format", "oEmbed is only available as JSON; omit format", {}, 501);
    }
    const root = absoluteRoot(request, reply);
    const { url } = request.query as { readonly url?: unknown };
    // A repeated parameter is an array: `authorizeRequests` ignores it, so it must not select a video.
    const id = typeof url === "string" ? videoIdFromUrl(url, root) : undefined;
    if (id === undefined) {
      throw new RequestError(
        "not-found",
        `url must be a percent-encoded URL of a video of this server, such as ?url=${root}video`,
      );
    }
    const grant = grantFor(request);
    const options = {
      catalogUrl: root,
      sign: linkSigner(grant),
      maxAge: grant === undefined ? Infinity : grant.expires - Date.now() / 1000,
      limits: limitsFor(request, limits),
      max: maxIframeSize(request),
    };
    return sendJson(request, reply, oembedResponse(await catalog.open(id), options));
  });
}

/** Parses `?maxwidth=` and `?maxheight=`. Missing and invalid values set no limit. */
function maxIframeSize(request: FastifyRequest): Size {
  const parse = (name: string) => {
    const pixels = Number(queryParam(request, name) ?? Infinity);
    return pixels >= 1 ? pixels : Infinity;
  };
  return { width: parse("maxwidth"), height: parse("maxheight") };
}
