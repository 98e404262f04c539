import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { grantFor, limitsOf } from "../auth/authorize.js";
import { signedLink } from "../auth/sign-links.js";
import type { PluginContext } from "../context.js";
import { prefersHtml } from "../http/accept.js";
import { posterOf } from "../render/poster.js";
import { renderCatalog } from "../web/catalog-page.js";
import { getAndHead } from "./get-and-head.js";
import { PLAYER_FILES } from "./player-route.js";
import { sendText } from "./send-text.js";

/** The page of the catalog; where the player was not built, the list in JSON is what is left. */
const readPage = (): Promise<string | undefined> =>
  readFile(`${PLAYER_FILES}index.html`, "utf8").catch(() => undefined);

/** The catalog, as a page and as JSON. */
export function siteRoutes(app: FastifyInstance, { catalog, limits }: PluginContext): void {
  const redirectToSlash = app.prefix !== "";
  getAndHead(app, "/", async (request, reply) => {
    const [path, query] = request.url.split("?", 2);
    // The page's links are relative to the folder.
    if (redirectToSlash && !path.endsWith("/"))
      return reply.redirect(`${path}/${query ? `?${query}` : ""}`, 308);
    reply.header("vary", "accept");
    const page = prefersHtml(request.headers.accept) ? await readPage() : undefined;
    const { entries, problems } = await catalog.list();
    const within = limitsOf(request, limits);
    if (page !== undefined) {
      const html = renderCatalog(page, { entries, problems }, within, signedLink(grantFor(request)));
      return sendText(request, reply, "text/html; charset=utf-8", html);
    }
    const assets = entries.map((entry) => {
      const folder = encodeURIComponent(entry.id);
      return { id: entry.id, info: `${folder}/info.json`, poster: `${folder}/${posterOf(entry, within)}` };
    });
    const body = JSON.stringify({ assets, ...(problems.length > 0 && { problems }) });
    return sendText(request, reply, "application/json; charset=utf-8", body);
  });
}
