import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { encodeId } from "../../protocol/url-parameters.js";
import { grantFor, limitsFor } from "../auth/authorize.js";
import { linkSigner } from "../auth/sign-links.js";
import type { PluginContext } from "../context.js";
import { prefersHtml } from "../http/accept.js";
import { posterUrl } from "../render/poster.js";
import { renderCatalogPage } from "../web/catalog-page.js";
import { playerPagePolicy, setPagePolicy } from "../web/page-policy.js";
import { getAndHead } from "./get-and-head.js";
import { PLAYER_FOLDER } from "./player-route.js";
import { sendJson, sendText } from "./send-content.js";

const PAGE_POLICY = playerPagePolicy("'self'");

/** `/`: the catalog, as a page for browsers and as JSON for programs. */
export function catalogRoute(
  app: FastifyInstance,
  { catalog, encoder, limits: serverLimits }: PluginContext,
): void {
  const hasPrefix = app.prefix !== "";
  getAndHead(app, "/", async (request, reply) => {
    const [path, query] = request.url.split("?", 2);
    // Relative links only work with a trailing slash.
    if (hasPrefix && !path.endsWith("/")) return reply.redirect(`${path}/${query ? `?${query}` : ""}`, 308);
    reply.header("vary", "accept");
    const template = prefersHtml(request.headers.accept) ? await readTemplate() : undefined;
    const listing = await catalog.list();
    const limits = limitsFor(request, serverLimits);
    if (template !== undefined) {
      const html = renderCatalogPage(template, listing, { limits, sign: linkSigner(grantFor(request)) });
      setPagePolicy(reply, PAGE_POLICY);
      return sendText(request, reply, "text/html; charset=utf-8", html);
    }
    const { entries, problems } = listing;
    const assets = entries.map((entry) => {
      const { id, backend, opened } = entry;
      const folder = encodeId(id);
      const poster = opened === undefined ? "poster.jpg" : posterUrl(opened, limits);
      const encoding = encoder.state(id, backend);
      return { id, backend, encoding, info: `${folder}/info.json`, poster: `${folder}/${poster}` };
    });
    return sendJson(request, reply, { assets, ...(problems.length > 0 && { problems }) });
  });
}

/** Reads the template of the page. Returns undefined if the player has not been built: browsers then get JSON. */
const readTemplate = (): Promise<string | undefined> =>
  readFile(`${PLAYER_FOLDER}index.html`, "utf8").catch(() => undefined);
