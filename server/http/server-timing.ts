import type { CacheTier } from "../scheduling/job-context.js";

/**
 * What an answer says of the work for it (w3.org/TR/server-timing): `total` from the request's headers to the answer's,
 * in milliseconds; whether a cache had it; and which.
 */
export function serverTiming(milliseconds: number, store: CacheTier): string {
  const cache = store === "none" ? "miss" : "hit";
  return `total;dur=${milliseconds.toFixed(1)}, cache;desc=${cache}, store;desc=${store}`;
}
