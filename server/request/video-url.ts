import type { FastifyRequest } from "fastify";
import { RequestError } from "../errors.js";
import { decodePath, idOfDecodedPath } from "./video-path.js";

/** A host name, an IPv4 address or an IPv6 address in brackets, with an optional port. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** The absolute URL of the catalog, for links that other sites follow. */
export class PublicUrl {
  readonly #configured: string | undefined;
  readonly #prefix: string;

  /**
   * @param configured the option `publicUrl`
   * @param prefix path of the catalog without a trailing slash, for URLs as the client addressed them
   */
  constructor(configured: string | undefined, prefix: string) {
    this.#configured = configured;
    this.#prefix = prefix;
  }

  /** Whether the URL is the same for all requests. */
  get isConfigured(): boolean {
    return this.#configured !== undefined;
  }

  /**
   * Returns the configured URL of the catalog, or else the one that the client addressed, with a trailing slash.
   *
   * @throws RequestError `bad-host` if a request has no valid Host, which HTTP/1.0 allows, or a proxy forwards a protocol
   *   that a link must not have
   */
  catalog({ protocol, host }: FastifyRequest): string {
    if (this.#configured !== undefined) return this.#configured;
    const url = `${protocol}://${host}${this.#prefix}/`;
    if (/^https?$/.test(protocol) && HOST.test(host) && URL.canParse(url)) return url;
    const fix = "send a valid Host header, or set the server's publicUrl";
    throw new RequestError("bad-host", `the response contains absolute http or https URLs; ${fix}`);
  }
}

/**
 * Returns the id of the video that a URL of this server refers to: its embed page, the catalog page with the video's
 * fragment, or any resource below the video. Returns undefined for other URLs.
 *
 * @param catalog as `PublicUrl` returns it
 */
export function videoIdFromUrl(url: string, catalog: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, hash } = new URL(url);
  const base = new URL(catalog);
  // http and https URLs of a host are the same server: pages often quote one as the other.
  if (host !== base.host || !pathname.startsWith(base.pathname)) return undefined;
  const path = pathname.slice(base.pathname.length);
  try {
    const id = path === "" ? decodePath(hash.slice(1)) : idOfDecodedPath(decodePath(path));
    return id === "" || id.split("/", 1)[0] === "player" ? undefined : id;
  } catch {
    return undefined;
  }
}
