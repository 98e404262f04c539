import { encodeId } from "../../protocol/url-parameters.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { escapeHtml } from "./escape-html.js";
import { videoTitle } from "./video-title.js";

/**
 * Renders a page that contains only the player, as large as the iframe. Its links are relative to `/player/embed/:id`.
 *
 * @param oembedUrl absolute URL of the video's oEmbed response, for discovery
 * @param sign adds the signature that opened the page to a link
 */
export function renderEmbedPage(
  entry: CatalogEntry,
  oembedUrl: string,
  sign: (link: string) => string,
): string {
  const title = escapeHtml(videoTitle({ id: entry.id, opened: entry }));
  // The path of the page has one part more per folder of the id.
  const player = "../".repeat(entry.id.split("/").length);
  const src = escapeHtml(sign(`${player}../${encodeId(entry.id)}`));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="${player}icon.svg" type="image/svg+xml">
    <link rel="alternate" type="application/json+oembed" title="${title}" href="${escapeHtml(oembedUrl)}">
    <link rel="stylesheet" href="${player}embed.css">
    <script type="module" src="${player}siedd-player.js"></script>
    <script type="module" src="${player}embed.js"></script>
  </head>
  <body>
    <main><siedd-player id="player" src="${src}" video-title="${title}"></siedd-player></main>
    <noscript><p>This video needs JavaScript to play.</p></noscript>
  </body>
</html>
`;
}
