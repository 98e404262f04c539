import { type Listing, parseBucket } from "./bucket.js";
import { ASSET_EXTENSION } from "./library.js";
import { NonRetryableOriginError } from "./origin-errors.js";

/** Maximum entries of a JSON listing. */
const MAX_ENTRIES = 50_000;

/**
 * Parses a listing: XML as an S3 bucket listing, everything else as JSON.
 *
 * @throws NonRetryableOriginError if the text is not a listing
 */
export const parseListing = (text: string, listingUrl: URL): Listing =>
  /^\s*</.test(text) ? parseBucket(text, listingUrl) : parseJsonListing(text, listingUrl);

/**
 * Parses a JSON listing: an array, or an object with an array `assets`. Each entry has one of these forms, and others
 * are ignored:
 * - a URL, `{ url }` or `{ id, url }`
 * - `{ name }`, as in nginx's autoindex
 * - `{ id, info }`, as in a siedd server's catalog; the asset is next to its `info.json`
 *
 * URLs are relative to the listing's URL.
 */
function parseJsonListing(text: string, listingUrl: URL): Listing {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NonRetryableOriginError(
      "did not return a listing (JSON, or an S3 bucket in XML); configure the URL of each asset instead",
    );
  }
  const entries = Array.isArray(json) ? json : (json as { assets?: unknown } | null)?.assets;
  if (!Array.isArray(entries)) {
    throw new NonRetryableOriginError(
      'returned a JSON listing that is neither an array nor has an array "assets"',
    );
  }
  if (entries.length > MAX_ENTRIES) {
    throw new NonRetryableOriginError(
      `returned a JSON listing of ${entries.length} entries; the limit is ${MAX_ENTRIES}`,
    );
  }
  const assets = new Map<string, URL>();
  for (const entry of entries) {
    const asset = parseEntry(entry, listingUrl);
    if (asset !== undefined && !assets.has(asset.id)) assets.set(asset.id, asset.url);
  }
  return { assets };
}

function parseEntry(entry: unknown, listingUrl: URL): { readonly id: string; readonly url: URL } | undefined {
  const fields = (typeof entry === "string" ? { url: entry } : (entry ?? {})) as Record<string, unknown>;
  const stringField = (key: string) =>
    typeof fields[key] === "string" ? (fields[key] as string) : undefined;
  // Another server plays its sources, but only assets can be read from it.
  if (fields.backend === "source") return undefined;
  const id = stringField("id");
  const info = stringField("info");
  const name = stringField("name");
  // File names may contain characters that URLs may not.
  const href =
    stringField("url") ?? info?.replace(/info\.json$/, "asset") ?? (name && encodeURIComponent(name));
  if (href === undefined || !URL.canParse(href, listingUrl.href)) return undefined;
  const url = new URL(href, listingUrl);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  if (id === undefined && !url.pathname.endsWith(ASSET_EXTENSION)) return undefined;
  return { id: id ?? idOf(url, listingUrl), url };
}

/**
 * Returns the id of an asset by its URL, without the extension: its path below the folder of a listing, else its file
 * name.
 */
export function idOf({ origin, pathname }: URL, listingUrl?: URL): string {
  const folder = listingUrl?.pathname.slice(0, listingUrl.pathname.lastIndexOf("/") + 1);
  const isBelow = folder !== undefined && listingUrl?.origin === origin && pathname.startsWith(folder);
  const start = isBelow ? folder.length : pathname.lastIndexOf("/") + 1;
  const path = pathname.slice(start, -ASSET_EXTENSION.length);
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
