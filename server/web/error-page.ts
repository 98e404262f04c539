import { createHash } from "node:crypto";
import { escapeHtml } from "./escape-html.js";
import type { FrameAncestors } from "./page-policy.js";

const STYLES = `
html { height: 100%; color-scheme: dark; background: #000; color: #eee; font: 16px / 1.5 system-ui, sans-serif; }
body { display: grid; min-height: 100%; margin: 0; place-content: center; padding: 1rem; box-sizing: border-box; text-align: center; }
h1 { margin: 0; font-size: 1.25em; }
p { margin: 0.25em 0 0; color: #aaa; overflow-wrap: anywhere; }
`;

const STYLES_HASH = createHash("sha256").update(STYLES).digest("base64");

/** Titles by HTTP status. */
const TITLES: Readonly<Record<number, string>> = {
  403: "Access denied",
  404: "Not found",
  503: "The server is busy",
};

/** Returns the Content Security Policy of an error page: it loads nothing. */
export const errorPagePolicy = (frameAncestors: FrameAncestors): string =>
  `default-src 'none'; style-src 'sha256-${STYLES_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors ${frameAncestors}`;

export interface PageError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** Renders an error as a page for people. It also suits an iframe in the place of a video. */
export function renderErrorPage({ status, code, message }: PageError): string {
  const title =
    code === "unknown-asset" ? "Video not found" : (TITLES[status] ?? "This page is not available");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
    <style>${STYLES}</style>
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      <p>${escapeHtml(message)}</p>
    </main>
  </body>
</html>
`;
}
