import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import type { Grant } from "./signature.js";

const PLAYLIST = /^application\/vnd\.apple\.mpegurl/;
const MANIFEST = /^application\/dash\+xml/;
const WEBVTT = /^text\/vtt/;
const JSON_TYPE = /^application\/json/;
const HTML = /^text\/html/;

/** Whether all responses of this media type contain links. WebVTT may also be subtitles, whose text is never a link. */
export const containsLinks = (type: string): boolean =>
  [PLAYLIST, MANIFEST, JSON_TYPE, HTML].some((pattern) => pattern.test(type));

/** Returns a function that adds the request's signature to a link, or leaves it unchanged without a grant. */
export const linkSigner =
  (grant: Grant | undefined) =>
  (link: string): string =>
    grant === undefined ? link : withQuery(link, `${SIGNATURE_PARAMETER}=${grant.signature}`);

/**
 * Adds the signature of the request to every link of a playlist, manifest, storyboard, info.json or catalog, so that a player
 * can follow them.
 *
 * @param type media type of the body
 */
export function signLinks(type: string, body: string, signature: string): string {
  // HTML pages are rendered with `linkSigner`: only their templates know which links need a signature.
  if (HTML.test(type)) return body;
  const query = `${SIGNATURE_PARAMETER}=${signature}`;
  if (PLAYLIST.test(type)) return signPlaylist(body, query);
  if (MANIFEST.test(type)) return signManifest(body, query);
  if (WEBVTT.test(type)) return body.replace(/^\S+#xywh=\S+$/gm, (link) => withQuery(link, query));
  return signJson(body, query);
}

const signPlaylist = (body: string, query: string): string =>
  body
    .split("\n")
    .map((line) =>
      line.startsWith("#")
        ? line.replace(
            /(URI=")([^"]+)(")/g,
            (_match, before, uri, after) => before + withQuery(uri, query) + after,
          )
        : withQuery(line, query),
    )
    .join("\n");

/** Every link of a manifest has a query. XML escapes its separator. */
const signManifest = (body: string, query: string): string =>
  body.replace(/(?<=(?: initialization=| media=)"|<BaseURL>)[^"<]+/g, (link) => `${link}&amp;${query}`);

function signJson(body: string, query: string): string {
  const json = JSON.parse(body) as { links?: unknown; assets?: { info?: string; poster?: string }[] };
  if (json.links !== undefined) json.links = linksWithQuery(json.links, query);
  for (const asset of json.assets ?? []) {
    if (asset.info !== undefined) asset.info = withQuery(asset.info, query);
    if (asset.poster !== undefined) asset.poster = withQuery(asset.poster, query);
  }
  return JSON.stringify(json);
}

function linksWithQuery(links: unknown, query: string): unknown {
  if (typeof links === "string") return withQuery(links, query);
  if (Array.isArray(links)) return links.map((link) => linksWithQuery(link, query));
  if (typeof links !== "object" || links === null) return links;
  return Object.fromEntries(Object.entries(links).map(([name, link]) => [name, linksWithQuery(link, query)]));
}

function withQuery(link: string, query: string): string {
  if (link === "" || link.startsWith("data:")) return link;
  const [, path, fragment] = /^([^#]*)(.*)$/.exec(link) ?? [];
  return `${path}${path?.includes("?") ? "&" : "?"}${query}${fragment}`;
}
