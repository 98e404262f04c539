import type { CatalogEntry } from "../catalog/catalog.js";
import { escapeHtml } from "./escape-html.js";

/**
 * Content Security Policy of the embed page: it loads scripts, styles, images and streams of its own origin only, and
 * any page may embed it in an iframe. `wasm-unsafe-eval` lets the player decode in the browser.
 */
export const EMBED_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors *",
].join("; ");

/**
 * Renders a page that contains only the player, as large as the iframe. Its links are relative to `/player/embed/`.
 *
 * @param oembedUrl absolute URL of the video's oEmbed response, for discovery
 * @param sign adds the signature that opened the page to a link
 */
export function renderEmbedPage(
  entry: CatalogEntry,
  oembedUrl: string,
  sign: (link: string) => string,
): string {
  const title = escapeHtml(entry.id);
  const src = escapeHtml(sign(`../../${encodeURIComponent(entry.id)}`));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="../icon.svg" type="image/svg+xml">
    <link rel="alternate" type="application/json+oembed" title="${title}" href="${escapeHtml(oembedUrl)}">
    <link rel="stylesheet" href="../embed.css">
    <script type="module" src="../siedd-player.js"></script>
    <script type="module" src="../embed.js"></script>
  </head>
  <body>
    <main><siedd-player id="player" src="${src}" video-title="${title}"></siedd-player></main>
    <noscript><p>This video needs JavaScript to play.</p></noscript>
  </body>
</html>
`;
}
