import { XMLParser } from "fast-xml-parser";
import { ASSET_EXTENSION } from "./library.js";
import { NonRetryableOriginError } from "./origin-errors.js";

/** One page of the assets on another server. */
export interface Listing {
  /** URLs by id. */
  readonly assets: ReadonlyMap<string, URL>;
  /** URL of the next page. */
  readonly next?: URL;
}

interface BucketResult {
  readonly Contents?: readonly { readonly Key?: string }[];
  readonly IsTruncated?: string;
  readonly NextContinuationToken?: string;
  readonly NextMarker?: string;
  readonly EncodingType?: string;
}

const PARSER = new XMLParser({
  // Keys may look like numbers, and may start or end with spaces.
  parseTagValue: false,
  trimValues: false,
  ignoreAttributes: true,
  removeNSPrefix: true,
  // Object stores write quotes and control characters as numeric entities.
  htmlEntities: true,
  isArray: (name) => name === "Contents",
});

/**
 * Parses an S3 bucket listing, `ListObjectsV2` or the older `ListObjects` (Amazon S3 API reference; Google Cloud
 * Storage, MinIO and R2 use the same format), into assets and the URL of the next page. Keys are paths below the
 * listing's path.
 *
 * @throws NonRetryableOriginError if the XML is not a bucket listing
 */
export function parseBucket(text: string, listingUrl: URL): Listing {
  const result = parseResult(text);
  const decode = result.EncodingType === "url" ? decodeFormUrl : (key: string) => key;
  const folder = new URL(listingUrl.pathname.replace(/\/*$/, "/"), listingUrl.origin);
  const keys = (result.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [decode(Key)]));
  // Ids are paths below the folder that is listed.
  const listed = listingUrl.searchParams.get("prefix") ?? "";
  const prefix = listed.slice(0, listed.lastIndexOf("/") + 1);
  const assets = new Map<string, URL>();
  for (const key of keys) {
    const id = key.slice(key.startsWith(prefix) ? prefix.length : 0, -ASSET_EXTENSION.length);
    if (!key.endsWith(ASSET_EXTENSION) || /(^|\/)$/.test(id) || assets.has(id)) continue;
    // Keys may contain characters that URLs may not. A dot segment would escape the bucket.
    const segments = key.split("/").map(encodeURIComponent);
    if (segments.some((segment) => segment === "." || segment === "..")) continue;
    assets.set(id, new URL(folder.href + segments.join("/")));
  }
  return { assets, next: nextPage(result, keys, listingUrl) };
}

function parseResult(text: string): BucketResult {
  let parsed: { ListBucketResult?: BucketResult | string };
  try {
    parsed = PARSER.parse(text, true);
  } catch (cause) {
    throw new NonRetryableOriginError("returned malformed XML as its listing", { cause });
  }
  const result = parsed.ListBucketResult;
  if (result === undefined) {
    throw new NonRetryableOriginError("returned XML without ListBucketResult as its listing");
  }
  return typeof result === "string" ? {} : result;
}

/** Decodes a key of `EncodingType` url, where `+` is a space. A malformed key is returned unchanged. */
function decodeFormUrl(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}

function nextPage(result: BucketResult, keys: readonly string[], listingUrl: URL): URL | undefined {
  if (result.IsTruncated?.trim() !== "true") return undefined;
  const next = new URL(listingUrl);
  const token = result.NextContinuationToken;
  if (token !== undefined) next.searchParams.set("continuation-token", token);
  // ListObjects returns NextMarker only with a delimiter; without it, the marker is the last key.
  else next.searchParams.set("marker", result.NextMarker ?? keys.at(-1) ?? "");
  if (next.href === listingUrl.href) {
    throw new NonRetryableOriginError("returned a listing whose next page is the same page");
  }
  return next;
}
