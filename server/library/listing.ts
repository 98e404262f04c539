import { parseBucket } from "./bucket.js";
import { EXTENSION } from "./library.js";
import { NonRetryableOriginError } from "./origin.js";

/** Assets of another server by id. */
export interface Listing {
  readonly found: ReadonlyMap<string, URL>;
  /** Where the list goes on. */
  readonly next?: URL;
}

/** Reads a list in XML as that of a bucket, any other as JSON. Throws Refused. */
export const parseListing = (text: string, base: URL): Listing =>
  /^\s*</.test(text) ? parseBucket(text, base) : parseNames(text, base);

/**
 * The assets that a listing in JSON names. It is an array, or an object with an array `assets` (a siedd
 * server's own catalog), of: an address; `{ url }` or `{ id, url }`; `{ name }`, as nginx's autoindex writes;
 * `{ id, info }` of a siedd server, whose asset lies beside its info. Addresses are relative to the listing's.
 * What is no asset is left out.
 */
function parseNames(text: string, base: URL): Listing {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NonRetryableOriginError(
      "has no list of them, in JSON or as of a bucket, at its address; name the assets one by one",
    );
  }
  const entries = Array.isArray(json) ? json : (json as { assets?: unknown } | null)?.assets;
  if (!Array.isArray(entries))
    throw new NonRetryableOriginError("has a list that is neither an array nor one of assets");
  const found = new Map<string, URL>();
  for (const entry of entries) {
    const asset = assetOf(entry, base);
    if (asset !== undefined && !found.has(asset.id)) found.set(asset.id, asset.url);
  }
  return { found };
}

function assetOf(entry: unknown, base: URL): { readonly id: string; readonly url: URL } | undefined {
  const given = (typeof entry === "string" ? { url: entry } : (entry ?? {})) as Record<string, unknown>;
  const text = (key: string) => (typeof given[key] === "string" ? (given[key] as string) : undefined);
  const id = text("id");
  const info = text("info");
  const name = text("name");
  // A file name may hold what an address may not.
  const address = text("url") ?? info?.replace(/info\.json$/, "asset") ?? (name && encodeURIComponent(name));
  if (address === undefined || !URL.canParse(address, base.href)) return undefined;
  const url = new URL(address, base);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  if (id === undefined && !url.pathname.endsWith(EXTENSION)) return undefined;
  return { id: id ?? idOf(url), url };
}

/** The id of an asset by its address: the file's name without its ending. */
export function idOf({ pathname }: URL): string {
  const file = pathname.slice(pathname.lastIndexOf("/") + 1, -EXTENSION.length);
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}
