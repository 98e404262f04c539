import type { FastifyRequest } from "fastify";

const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/i;
const LOOPBACK_HOST = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
/** Headers by which proxies pass on whom they serve, besides `X-Forwarded-*`. */
const FORWARDING_HEADERS = new Set([
  "cf-connecting-ip",
  "client-ip",
  "forwarded",
  "true-client-ip",
  "via",
  "x-client-ip",
  "x-real-ip",
]);
const READING_METHODS = new Set(["GET", "HEAD"]);

/**
 * Whether a request comes from a program of the same machine that has addressed it as such. A proxy on the machine
 * forwards requests of others, and a page may have a host name that resolves to the loopback address (DNS rebinding).
 */
export function isLocalRequest({ socket, headers }: FastifyRequest): boolean {
  const isForwarded = (name: string) => name.startsWith("x-forwarded-") || FORWARDING_HEADERS.has(name);
  return (
    LOOPBACK_ADDRESS.test(socket.remoteAddress ?? "") &&
    LOOPBACK_HOST.test(hostOf(headers)) &&
    !Object.keys(headers).some(isForwarded)
  );
}

/**
 * Whether a page of another origin sends the request. Programs that are no browsers send none of these headers.
 *
 * @param publicOrigin origin of the server as viewers reach it; undefined if it is the one that the client addressed
 */
export function isCrossOrigin({ method, headers, host }: FastifyRequest, publicOrigin?: string): boolean {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  // A page cannot read what its link or form opens, so only writes matter.
  if (READING_METHODS.has(method) && headers["sec-fetch-mode"] === "navigate") return false;
  if (site !== undefined && site !== "same-origin" && site !== "none") return true;
  if (origin === undefined || origin === publicOrigin) return false;
  return !URL.canParse(origin) || new URL(origin).host !== hostWithoutDefaultPort(origin, host);
}

/** Returns the Host header, which is `:authority` in HTTP/2. */
const hostOf = (headers: FastifyRequest["headers"]): string =>
  headers.host ?? headers[":authority"]?.toString() ?? "";

/** Origins leave out the default port of their protocol, and Host headers may contain it. */
function hostWithoutDefaultPort(origin: string, host: string): string {
  const url = `${new URL(origin).protocol}//${host}`;
  return URL.canParse(url) ? new URL(url).host : host;
}
