import type { CatalogEntry } from "../catalog/catalog.js";

/** Text as it may stand in an attribute or an element. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

/**
 * What the page of an embedded video may load: its own scripts, styles, pictures and streams. Any page may frame it.
 * Decoding in the browser compiles WebAssembly.
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
 * The page that shows nothing but the video, as large as its frame. Addresses are relative to `/player/embed/`.
 *
 * @param oembed absolute address of the video's oEmbed answer, for discovery
 * @param sign gives the video's address the signature that opened the page
 */
export function embedPage(entry: CatalogEntry, oembed: string, sign: (link: string) => string): string {
  const title = escapeHtml(entry.id);
  const src = escapeHtml(sign(`../../${encodeURIComponent(entry.id)}`));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <link rel="icon" href="../icon.svg" type="image/svg+xml">
    <link rel="alternate" type="application/json+oembed" title="${title}" href="${escapeHtml(oembed)}">
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
