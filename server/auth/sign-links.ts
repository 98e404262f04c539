import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import type { Grant } from "./signature.js";

const PLAYLIST = /^application\/vnd\.apple\.mpegurl/;
const CUES = /^text\/vtt/;
const JSON_TYPE = /^application\/json/;
const PAGE = /^text\/html/;

/** Whether answers of this type link to others. */
export const containsLinks = (type: string): boolean =>
  PLAYLIST.test(type) || CUES.test(type) || JSON_TYPE.test(type) || PAGE.test(type);

/** Adds the signature of a request to an address; without one it stays as it is. */
export const signedLink =
  (grant: Grant | undefined) =>
  (link: string): string =>
    grant === undefined ? link : withQuery(link, `${SIGNATURE_PARAMETER}=${grant.signature}`);

/**
 * Gives the links of a playlist, a storyboard, info.json or the catalog the signature that opened it, so that
 * players reach what they link to.
 */
export function signLinks(type: string, body: string, signature: string): string {
  // Whoever writes a page knows which of its links need one.
  if (PAGE.test(type)) return body;
  const query = `${SIGNATURE_PARAMETER}=${signature}`;
  if (PLAYLIST.test(type)) {
    return body
      .split("\n")
      .map((line) =>
        line.startsWith("#")
          ? line.replace(
              /(URI=")([^"]+)(")/g,
              (_all, before, uri, after) => before + withQuery(uri, query) + after,
            )
          : withQuery(line, query),
      )
      .join("\n");
  }
  // Only what names a part of a picture is a link: the rest may be somebody's subtitles.
  if (CUES.test(type)) return body.replace(/^\S+#xywh=\S+$/gm, (link) => withQuery(link, query));
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
