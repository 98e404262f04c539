/** Cache-Control of a URL with the current version, which identifies everything that determines the bytes. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
/** Cache-Control of a response that is stored but revalidated before each use. */
export const REVALIDATE = "no-cache";
/** Like REVALIDATE, for a response that is specific to one viewer. */
export const PRIVATE = "private, no-cache";
/** Cache-Control of errors. */
export const NO_STORE = "no-store";

export type VersionPolicy = "immutable" | "revalidate" | "stale";

/**
 * Chooses the caching of a response by the version in its URL.
 *
 * @param requested the `v` of the query
 */
export function versionPolicy(requested: string | undefined, current: string): VersionPolicy {
  if (requested === undefined) return "revalidate";
  return requested === current ? "immutable" : "stale";
}
