import { TIMELINE_KEY_LENGTH } from "../../protocol/timeline-key.js";

export { TIMELINE_KEY_LENGTH };

/** Cache-Control of a URL with the current version, which identifies everything that determines the bytes. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
/** Cache-Control of a response that is stored but revalidated before each use. */
export const REVALIDATE = "no-cache";
/** Like REVALIDATE, for a response that is specific to one viewer. */
export const PRIVATE = "private, no-cache";
/** Cache-Control of errors. */
export const NO_STORE = "no-store";

/** Whether a URL has the current version, none, an older one with the same segments, or another one. */
export type VersionPolicy = "immutable" | "revalidate" | "superseded" | "stale";

/**
 * Chooses the caching of a response by the version in its URL.
 *
 * @param requested the `v` of the query
 */
export function versionPolicy(requested: string | undefined, current: string): VersionPolicy {
  if (requested === undefined) return "revalidate";
  if (requested === current) return "immutable";
  const hasSameTimeline = requested.slice(0, TIMELINE_KEY_LENGTH) === current.slice(0, TIMELINE_KEY_LENGTH);
  return hasSameTimeline && requested.length === current.length ? "superseded" : "stale";
}
