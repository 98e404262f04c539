/** For bytes whose URL carries the current version of everything that decides them. */
export const IMMUTABLE = "public, max-age=31536000, immutable";
/** Kept, but asked about each time. */
export const REVALIDATE = "no-cache";
/** Asked about each time, and of use to one viewer alone. */
export const PRIVATE = "private, no-cache";
/** For errors. */
export const NO_STORE = "no-store";

export type VersionPolicy = "immutable" | "revalidate" | "stale";

/** How long an answer holds, by the `v` of its URL. */
export function versionPolicy(requested: string | undefined, current: string): VersionPolicy {
  if (requested === undefined) return "revalidate";
  return requested === current ? "immutable" : "stale";
}
