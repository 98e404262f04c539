import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { encodeId } from "../../protocol/url-parameters.js";
import { grantFor, limitsFor } from "../auth/authorize.js";
import { linkSigner } from "../auth/sign-links.js";
import type { CatalogListing } from "../catalog/catalog.js";
import type { PluginContext } from "../context.js";
import { prefersHtml } from "../http/accept.js";
import { posterUrl } from "../render/poster.js";
import { renderLibraryPage } from "../web/library-page.js";
import { parseLibraryQuery, viewLibrary } from "../web/library-view.js";
import { playerPagePolicy, setPagePolicy } from "../web/page-policy.js";
import { readTemplate } from "../web/page-template.js";
import { serverLoadSection } from "../web/server-load.js";
import { UPLOAD_SECTION } from "../web/upload-section.js";
import { videoTitle } from "../web/video-title.js";
import { getAndHead } from "./get-and-head.js";
import { sendJson, sendText } from "./send-content.js";

/** The search is a form. */
const PAGE_POLICY = playerPagePolicy("'self'", "'self'");

/** `/`: the catalog, as a page for browsers and as JSON for programs. */
export function catalogRoute(app: FastifyInstance, context: PluginContext): void {
  const hasPrefix = app.prefix !== "";
  getAndHead(app, "/", async (request, reply) => {
    const [path, query] = request.url.split("?", 2);
    // Relative links only work with a trailing slash.
    if (hasPrefix && !path.endsWith("/")) return reply.redirect(`${path}/${query ? `?${query}` : ""}`, 308);
    reply.header("vary", "accept");
    // Without the built player, browsers get JSON.
    const template = prefersHtml(request.headers.accept) ? await readTemplate("index") : undefined;
    const listing = await context.catalog.list();
    return template === undefined
      ? sendCatalog(request, reply, listing, context)
      : sendLibrary(request, reply, listing, { ...context, template });
  });
}

function sendCatalog(
  request: FastifyRequest,
  reply: FastifyReply,
  { entries, problems }: CatalogListing,
  { encoder, limits }: PluginContext,
): Promise<FastifyReply> {
  const ownLimits = limitsFor(request, limits);
  const assets = entries.map((entry) => {
    const { id, backend, opened, bytes } = entry;
    const folder = encodeId(id);
    const poster = opened === undefined ? "poster.jpg" : posterUrl(opened, ownLimits);
    return {
      id,
      title: videoTitle(entry),
      backend,
      encoding: encoder.state(id, backend),
      bytes,
      duration: opened?.video.duration,
      info: `${folder}/info.json`,
      poster: `${folder}/${poster}`,
    };
  });
  return sendJson(request, reply, { assets, ...(problems.length > 0 && { problems }) });
}

async function sendLibrary(
  request: FastifyRequest,
  reply: FastifyReply,
  listing: CatalogListing,
  {
    encoder,
    limits,
    permissions,
    hasMetrics,
    uploads,
    template,
  }: PluginContext & { readonly template: string },
): Promise<FastifyReply> {
  const grant = grantFor(request);
  const showsLoad = hasMetrics && (await permissions.allows(request, undefined, "operate"));
  const mayUpload = uploads !== undefined && (await permissions.allows(request, undefined, "upload"));
  const html = renderLibraryPage(
    template,
    viewLibrary(listing, parseLibraryQuery(request.query)),
    listing.problems,
    {
      limits: limitsFor(request, limits),
      sign: linkSigner(grant),
      signature: grant?.signature,
      encodingOf: ({ id, backend }) => encoder.state(id, backend),
      serverLoad: showsLoad ? serverLoadSection(false) : "",
      upload: mayUpload ? UPLOAD_SECTION : "",
    },
  );
  setPagePolicy(reply, PAGE_POLICY);
  return sendText(request, reply, "text/html; charset=utf-8", html);
}
