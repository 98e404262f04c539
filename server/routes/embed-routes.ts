import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { encodeId } from "../../protocol/url-parameters.js";
import { grantFor, limitsFor } from "../auth/authorize.js";
import { linkSigner } from "../auth/sign-links.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import type { PluginContext } from "../context.js";
import { notFound, RequestError } from "../errors.js";
import { queryParam } from "../request/params.js";
import type { Size } from "../request/size.js";
import { videoIdFromUrl } from "../request/video-url.js";
import { renderEmbedPage } from "../web/embed-page.js";
import { oembedResponse } from "../web/oembed.js";
import { playerPagePolicy, setPagePolicy } from "../web/page-policy.js";
import { readTemplate } from "../web/page-template.js";
import { serverLoadSection } from "../web/server-load.js";
import { renderVideoPage, type VideoPageOptions } from "../web/video-page.js";
import { getAndHead } from "./get-and-head.js";
import { openVideo } from "./requested-video.js";
import { sendJson, sendText } from "./send-content.js";

const HTML_TYPE = "text/html; charset=utf-8";
const EMBED_POLICY = playerPagePolicy("*");
const VIDEO_POLICY = playerPagePolicy("'self'");

/**
 * Returns the relative URL of a page that was requested with a slash at its end, where its relative links would lead
 * elsewhere; undefined for others.
 */
function withoutTrailingSlash(url: string): string | undefined {
  const [path, ...query] = url.split(/(?=\?)/);
  const [, name] = /([^/]+)\/$/.exec(path) ?? [];
  return name && `../${name}${query.join("")}`;
}

/** Pages of videos, pages to embed, and oEmbed (oembed.com), by which other sites discover the latter. */
export function embedRoutes(app: FastifyInstance, context: PluginContext): void {
  const { catalog, limits, publicUrl } = context;
  /** Returns the absolute URL of the catalog, and says which headers of a proxy it depends on. */
  const absoluteRoot = (request: FastifyRequest, reply: FastifyReply): string => {
    if (!publicUrl.isConfigured) reply.header("vary", "x-forwarded-host, x-forwarded-proto");
    return publicUrl.catalog(request);
  };

  /** Returns the absolute URL of a video's oEmbed response. */
  const oembedUrl = (request: FastifyRequest, reply: FastifyReply, id: string): string => {
    const root = absoluteRoot(request, reply);
    const page = linkSigner(grantFor(request))(new URL(`player/embed/${encodeId(id)}`, root).href);
    return new URL(`player/oembed?url=${encodeURIComponent(page)}`, root).href;
  };

  getAndHead(app, "/player/embed/*", async (request, reply) => {
    const target = withoutTrailingSlash(request.url);
    if (target !== undefined) return reply.redirect(target, 308);
    const entry = await openVideo(request, catalog);
    const oembed = oembedUrl(request, reply, entry.id);
    setPagePolicy(reply, EMBED_POLICY);
    const html = renderEmbedPage(entry, oembed, linkSigner(grantFor(request)));
    return sendText(request, reply, HTML_TYPE, html);
  });

  getAndHead(app, "/player/video/*", async (request, reply) => {
    const target = withoutTrailingSlash(request.url);
    if (target !== undefined) return reply.redirect(target, 308);
    const entry = await openVideo(request, catalog);
    const template = await readTemplate("video");
    if (template === undefined) throw notFound();
    const html = renderVideoPage(template, entry, {
      ...(await operatorView(request, entry, context)),
      oembedUrl: oembedUrl(request, reply, entry.id),
      sign: linkSigner(grantFor(request)),
    });
    setPagePolicy(reply, VIDEO_POLICY);
    return sendText(request, reply, HTML_TYPE, html);
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

/** Returns what the page of a video shows of the server's work, which depends on what its viewer may do. */
async function operatorView(
  request: FastifyRequest,
  { id, video: { backend } }: CatalogEntry,
  { catalog, encoder, permissions, hasMetrics }: PluginContext,
): Promise<Pick<VideoPageOptions, "status" | "canEncode" | "serverLoad">> {
  const found = await catalog.find(id);
  const isOperator = await permissions.allows(request, found, "operate");
  const hasSource = found.source !== undefined && found.output !== undefined;
  return {
    status: { backend, encoding: encoder.state(id, backend) },
    canEncode: isOperator && encoder.isEnabled && hasSource,
    serverLoad: hasMetrics && isOperator ? serverLoadSection(true) : "",
  };
}

/** Parses `?maxwidth=` and `?maxheight=`. Missing and invalid values set no limit. */
function maxIframeSize(request: FastifyRequest): Size {
  const parse = (name: string) => {
    const pixels = Number(queryParam(request, name) ?? Infinity);
    return pixels >= 1 ? pixels : Infinity;
  };
  return { width: parse("maxwidth"), height: parse("maxheight") };
}
