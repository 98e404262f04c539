import { readFile } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import { grantOf, limitsOf } from "../auth/authorize.js";
import { signedLink } from "../auth/sign-links.js";
import type { Server } from "../context.js";
import { prefersHtml } from "../http/accept.js";
import { posterOf } from "../render/poster.js";
import { renderCatalogue } from "../web/catalog-page.js";
import { getAndHead } from "./get-and-head.js";
import { PLAYER_FILES } from "./player-route.js";
import { answerText } from "./send-text.js";

/** The page of the catalogue; where the player was not built, the list in JSON is what is left. */
const readPage = (): Promise<string | undefined> =>
  readFile(`${PLAYER_FILES}index.html`, "utf8").catch(() => undefined);

/** The catalogue, as a page and as JSON. */
export function siteRoutes(app: FastifyInstance, { catalogue, limits }: Server): void {
  const redirectToSlash = app.prefix !== "";
  getAndHead(app, "/", async (request, reply) => {
    const [path, query] = request.url.split("?", 2);
    // The page's links are relative to the folder.
    if (redirectToSlash && !path.endsWith("/"))
      return reply.redirect(`${path}/${query ? `?${query}` : ""}`, 308);
    reply.header("vary", "accept");
    const page = prefersHtml(request.headers.accept) ? await readPage() : undefined;
    const { films, problems } = await catalogue.list();
    const within = limitsOf(request, limits);
    if (page !== undefined) {
      const html = renderCatalogue(page, { films, problems }, within, signedLink(grantOf(request)));
      return answerText(request, reply, "text/html; charset=utf-8", html);
    }
    const assets = films.map((film) => {
      const folder = encodeURIComponent(film.id);
      return { id: film.id, info: `${folder}/info.json`, poster: `${folder}/${posterOf(film, within)}` };
    });
    const body = JSON.stringify({ assets, ...(problems.length > 0 && { problems }) });
    return answerText(request, reply, "application/json; charset=utf-8", body);
  });
}
