import { readFile, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { grantOf, limitsOf } from "../access/access.js";
import { signedLink } from "../access/hand-on.js";
import { renderCatalogue } from "../catalogue-page.js";
import { RequestError } from "../errors.js";
import { prefersHtml } from "../http/accept.js";
import { answer, answerHead, strongEtag } from "../http/answer.js";
import { REVALIDATE } from "../http/caching.js";
import { posterOf } from "../pictures/poster.js";
import type { Server } from "../server-parts.js";
import { getAndHead } from "./get-and-head.js";

/** The player's files as they are built: index.html, siedd-player.js and what they need. */
const PLAYER_FILES = fileURLToPath(new URL("../../player/web/", import.meta.url));

/** The page of the catalogue; where the player was not built, the list in JSON is what is left. */
const readPage = (): Promise<string | undefined> =>
  readFile(`${PLAYER_FILES}index.html`, "utf8").catch(() => undefined);

/** Of one of the player's files: @fastify/static has weak ones only. Undefined where there is no such file. */
async function playerEtag(name: string): Promise<string | undefined> {
  if (!/^\w[\w.-]*$/.test(name)) return undefined;
  const found = await stat(`${PLAYER_FILES}${name}`).catch(() => undefined);
  return found && strongEtag(`${name} ${found.size} ${found.mtimeMs}`);
}

/** The catalogue and the player's files. */
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
      const type = "text/html; charset=utf-8";
      return answer(request, reply, {
        type,
        etag: strongEtag(html),
        cacheControl: REVALIDATE,
        make: () => html,
      });
    }
    const assets = films.map((film) => {
      const folder = encodeURIComponent(film.id);
      return { id: film.id, info: `${folder}/info.json`, poster: `${folder}/${posterOf(film, within)}` };
    });
    const body = JSON.stringify({ assets, ...(problems.length > 0 && { problems }) });
    const type = "application/json; charset=utf-8";
    return answer(request, reply, {
      type,
      etag: strongEtag(body),
      cacheControl: REVALIDATE,
      make: () => body,
    });
  });

  getAndHead(app, "/player/*", async (request, reply) => {
    const { "*": path } = request.params as { "*": string };
    const etag = await playerEtag(path);
    if (etag === undefined)
      throw new RequestError("not-found", `the player has no file "${path.slice(0, 60)}"`);
    if (!answerHead(request, reply, { etag, cacheControl: REVALIDATE })) return reply;
    return reply.sendFile(path, PLAYER_FILES, {
      ...{ dotfiles: "deny", index: false, cacheControl: false, etag: false, lastModified: false },
      // Nobody needs a part of a script, and a malformed Range would be refused instead of passed over.
      acceptRanges: false,
    });
  });
}
