import type { FastifyRequest } from "fastify";
import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { RequestError } from "../errors.js";
import { posterOf, sizeWithin } from "../render/poster.js";
import { escapeHtml } from "./embed-page.js";

/** Seconds for which a page may keep the answer. */
const CACHE_AGE = 3600;
/** Width of the frame where neither the video nor the page that asks says less, in CSS pixels. */
const LARGEST_WIDTH = 1280;
const POSTER_SIDE = 480;

/** An answer of type `video` (oembed.com, 2.3.4). */
export interface Oembed {
  readonly version: "1.0";
  readonly type: "video";
  readonly title: string;
  readonly provider_name: string;
  readonly provider_url: string;
  readonly width: number;
  readonly height: number;
  readonly html: string;
  readonly thumbnail_url: string;
  readonly thumbnail_width: number;
  readonly thumbnail_height: number;
  readonly cache_age: number;
}

/**
 * @param root absolute address of the catalog, with a slash at its end
 * @param sign gives an address of ours the signature that opened this answer
 * @param age seconds for which the answer holds at most
 * @param max CSS pixels that the page has room for; Infinity where it does not say
 */
export function oembedOf(
  entry: CatalogEntry,
  {
    root,
    sign,
    age,
  }: { readonly root: string; readonly sign: (link: string) => string; readonly age: number },
  limits: SizeLimits,
  max: { readonly width: number; readonly height: number },
): Oembed {
  const { asset, id } = entry;
  const scale = Math.min(
    Math.min(LARGEST_WIDTH, max.width) / asset.width,
    max.height / asset.height,
    Math.max(1, 320 / asset.width),
  );
  const side = (pixels: number) => Math.max(1, Math.round(pixels * scale));
  const [width, height] = [side(asset.width), side(asset.height)];
  const poster = sizeWithin(entry, limits, POSTER_SIDE);
  const src = escapeHtml(sign(new URL(`player/embed/${encodeURIComponent(id)}`, root).href));
  const allow = "autoplay; fullscreen; picture-in-picture";
  return {
    version: "1.0",
    type: "video",
    title: id,
    provider_name: "siedd",
    provider_url: root,
    width,
    height,
    html: `<iframe src="${src}" title="${escapeHtml(id)}" width="${width}" height="${height}" style="border: 0; max-width: 100%" allow="${allow}" allowfullscreen></iframe>`,
    thumbnail_url: sign(new URL(`${encodeURIComponent(id)}/${posterOf(entry, limits)}`, root).href),
    thumbnail_width: poster.width,
    thumbnail_height: poster.height,
    cache_age: Math.max(0, Math.min(CACHE_AGE, Math.floor(age))),
  };
}

/**
 * Absolute address of the catalog, as the client wrote it, with a slash at its end. Throws RequestError `bad-host`
 * for a request that does not say where it was sent, as HTTP/1.0 allows.
 */
export function rootAddress({ protocol, host }: FastifyRequest, prefix: string): string {
  const address = `${protocol}://${host}${prefix}/`;
  if (host && URL.canParse(address)) return address;
  throw new RequestError(
    "bad-host",
    "this answer holds addresses, so the request needs a Host to make them of",
  );
}

/**
 * The id of the video that an address of this server names: its page to embed, the catalog's page with the video's
 * fragment, or anything of the video itself. undefined where it names none of ours.
 */
export function videoIdOfUrl(address: string, root: string): string | undefined {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return undefined;
  }
  const base = new URL(root);
  // http and https of one host are one server, as pages are often quoted by the other.
  if (url.host !== base.host || !url.pathname.startsWith(base.pathname)) return undefined;
  const path = url.pathname.slice(base.pathname.length);
  const [, embedded] = /^player\/embed\/([^/]+)\/?$/.exec(path) ?? [];
  const [first = ""] = path.split("/");
  const name = embedded ?? (path === "" ? url.hash.slice(1) : first);
  try {
    return name === "" || name === "player" ? undefined : decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
