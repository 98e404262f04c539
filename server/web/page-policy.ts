import type { FastifyReply } from "fastify";
import { TRUSTED_TYPES_POLICY } from "../../protocol/trusted-types.js";

/** Which pages may show a page in an iframe, as in the CSP directive `frame-ancestors`. */
export type FrameAncestors = "*" | "'self'";

/**
 * Returns the Content Security Policy of a page with the player: it loads scripts, styles, images, captions and streams
 * of its own origin only. `wasm-unsafe-eval` lets the player decode in the browser.
 *
 * @param formAction where its forms may lead
 */
export const playerPagePolicy = (
  frameAncestors: FrameAncestors,
  formAction: "'none'" | "'self'" = "'none'",
): string =>
  [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    `form-action ${formAction}`,
    "require-trusted-types-for 'script'",
    `trusted-types ${TRUSTED_TYPES_POLICY}`,
    `frame-ancestors ${frameAncestors}`,
  ].join("; ");

/**
 * Content Security Policy of the player's files. Only workers have a policy of their own: without this one, the decoder
 * would get the application's, which rarely allows WebAssembly.
 */
export const PLAYER_FILE_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'";

/**
 * Sets the Content Security Policy of a page. It replaces the headers that the application sets for its own pages, such
 * as those of @fastify/helmet: `X-Frame-Options` could only repeat or contradict `frame-ancestors`.
 */
export function setPagePolicy(reply: FastifyReply, policy: string): void {
  reply.removeHeader("x-frame-options");
  reply.headers({ "content-security-policy": policy, "referrer-policy": "no-referrer" });
}
