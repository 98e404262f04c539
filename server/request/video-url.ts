import type { FastifyRequest } from "fastify";
import { RequestError } from "../errors.js";

/**
 * Returns the absolute URL of the catalog as the client addressed it, with a trailing slash.
 *
 * @throws RequestError `bad-host` if the request has no valid Host, which HTTP/1.0 allows
 */
export function catalogUrl({ protocol, host }: FastifyRequest, prefix: string): string {
  const url = `${protocol}://${host}${prefix}/`;
  if (host && URL.canParse(url)) return url;
  throw new RequestError("bad-host", "the response contains absolute URLs; send a valid Host header");
}

/**
 * Returns the id of the video that a URL of this server refers to: its embed page, the catalog page with the video's
 * fragment, or any resource below the video. Returns undefined for other URLs.
 *
 * @param catalog as `catalogUrl` returns it
 */
export function videoIdFromUrl(url: string, catalog: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, hash } = new URL(url);
  const base = new URL(catalog);
  // http and https URLs of a host are the same server: pages often quote one as the other.
  if (host !== base.host || !pathname.startsWith(base.pathname)) return undefined;
  const path = pathname.slice(base.pathname.length);
  const [, embedded] = /^player\/embed\/([^/]+)\/?$/.exec(path) ?? [];
  const [first = ""] = path.split("/");
  const id = embedded ?? (path === "" ? hash.slice(1) : first);
  try {
    return id === "" || id === "player" ? undefined : decodeURIComponent(id);
  } catch {
    return undefined;
  }
}
