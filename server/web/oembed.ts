import type { SizeLimits } from "../../protocol/size-limits.js";
import { encodeId } from "../../protocol/url-parameters.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { posterFrameUrl, posterViewport } from "../render/poster.js";
import type { Size } from "../request/size.js";
import { escapeHtml } from "./escape-html.js";
import { videoTitle } from "./video-title.js";

/** Maximum `cache_age` in seconds. */
const MAX_CACHE_SECONDS = 3600;
/** Maximum and minimum widths of the iframe in CSS pixels, unless the consumer requests a smaller one. */
const MAX_WIDTH = 1280;
const MIN_WIDTH = 320;

/** A response of type `video` (oembed.com, 2.3.4). */
export interface OembedResponse {
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

export interface OembedOptions {
  /** Absolute URL of the catalog, with a trailing slash. */
  readonly catalogUrl: string;
  /** Adds the signature that opened the response to a URL. */
  readonly sign: (url: string) => string;
  /** Seconds until that signature expires; Infinity without one. */
  readonly maxAge: number;
  readonly limits: SizeLimits;
  /** The consumer's `maxwidth` and `maxheight` in CSS pixels; Infinity if not given. */
  readonly max: Size;
}

/** Returns the oEmbed response of a video: an iframe with its embed page. */
export function oembedResponse(
  entry: CatalogEntry,
  { catalogUrl, sign, maxAge, limits, max }: OembedOptions,
): OembedResponse {
  const { video, id } = entry;
  const { width, height } = iframeSize(video, max);
  const title = videoTitle({ id, opened: entry });
  const poster = posterViewport(entry, limits);
  const src = escapeHtml(sign(new URL(`player/embed/${encodeId(id)}`, catalogUrl).href));
  const allow = "autoplay; fullscreen; picture-in-picture";
  return {
    version: "1.0",
    type: "video",
    title,
    provider_name: "siedd",
    provider_url: catalogUrl,
    width,
    height,
    html: `<iframe src="${src}" title="${escapeHtml(title)}" width="${width}" height="${height}" style="border: 0; max-width: 100%" allow="${allow}" allowfullscreen></iframe>`,
    thumbnail_url: sign(new URL(`${encodeId(id)}/${posterFrameUrl(entry, limits)}`, catalogUrl).href),
    thumbnail_width: poster.width,
    thumbnail_height: poster.height,
    cache_age: Math.max(0, Math.min(MAX_CACHE_SECONDS, Math.floor(maxAge))),
  };
}

/** Scales the source size to fit into `max`, and toward a width that suits a page. */
function iframeSize(source: Size, max: Size): Size {
  const scale = Math.min(
    Math.min(MAX_WIDTH, max.width) / source.width,
    max.height / source.height,
    Math.max(1, MIN_WIDTH / source.width),
  );
  const scaleSide = (side: number) => Math.max(1, Math.round(side * scale));
  return { width: scaleSide(source.width), height: scaleSide(source.height) };
}
