import { XMLParser } from "fast-xml-parser";
import { EXTENSION } from "./library.js";
import type { Listing } from "./listing.js";
import { NonRetryableOriginError } from "./origin.js";

interface BucketResult {
  readonly Contents?: readonly { readonly Key?: string }[];
  readonly IsTruncated?: string;
  readonly NextContinuationToken?: string;
  readonly NextMarker?: string;
  readonly EncodingType?: string;
}

const PARSER = new XMLParser({
  // Names may look like numbers, and begin or end with spaces.
  parseTagValue: false,
  trimValues: false,
  ignoreAttributes: true,
  removeNSPrefix: true,
  // Of HTML it is the numeric ones that matter: stores write quotes and control characters so.
  htmlEntities: true,
  isArray: (name) => name === "Contents",
});

/**
 * The assets in a listing of a bucket as object stores write it, `ListObjectsV2` and the older `ListObjects` (Amazon
 * S3, API reference; the same of Google Cloud Storage, MinIO, R2), and the address of its next page where it has one.
 * Keys are addresses below the listing's path. Throws Refused.
 */
export function parseBucket(text: string, address: URL): Listing {
  const result = resultOf(text);
  const decode = result.EncodingType === "url" ? fromUrl : (key: string) => key;
  const folder = new URL(address.pathname.replace(/\/*$/, "/"), address.origin);
  const keys = (result.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [decode(Key)]));
  const found = new Map<string, URL>();
  for (const key of keys) {
    const id = key.slice(key.lastIndexOf("/") + 1, -EXTENSION.length);
    if (!key.endsWith(EXTENSION) || id === "" || found.has(id)) continue;
    // A name may hold what an address may not; one part alone that is dots would lead out of the bucket.
    const parts = key.split("/").map(encodeURIComponent);
    if (parts.some((part) => part === "." || part === "..")) continue;
    found.set(id, new URL(folder.href + parts.join("/")));
  }
  return { found, next: nextPage(result, keys, address) };
}

function resultOf(text: string): BucketResult {
  let parsed: { ListBucketResult?: BucketResult | string };
  try {
    parsed = PARSER.parse(text, true);
  } catch (cause) {
    throw new NonRetryableOriginError("has a list in XML that cannot be read", { cause });
  }
  const result = parsed.ListBucketResult;
  if (result === undefined)
    throw new NonRetryableOriginError("has a list in XML that is not one of a bucket");
  return typeof result === "string" ? {} : result;
}

/** `+` is a space there, as in forms. */
const fromUrl = (key: string): string => {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
};

function nextPage(result: BucketResult, keys: readonly string[], address: URL): URL | undefined {
  if (result.IsTruncated?.trim() !== "true") return undefined;
  const next = new URL(address);
  const token = result.NextContinuationToken;
  if (token !== undefined) next.searchParams.set("continuation-token", token);
  // The older form names where to go on only with a delimiter; else it is the last key.
  else next.searchParams.set("marker", result.NextMarker ?? keys.at(-1) ?? "");
  if (next.href === address.href)
    throw new NonRetryableOriginError("has a list whose next page is the same one");
  return next;
}
