/** What an answer's Server-Timing says (w3.org/TR/server-timing). */
export interface ServerTiming {
  /** Waiting for its turn, decoding and encoding, in seconds. */
  readonly seconds: number;
  /** Whether the bytes lay ready; absent where it does not say. */
  readonly cached?: boolean;
}

/** Reads `total;dur=12.5, cache;desc=hit`, dur in milliseconds; undefined where the server says nothing. */
export function parseServerTiming(header: string | null): ServerTiming | undefined {
  const [, cache] = /(?:^|,)\s*cache;desc="?(\w+)/i.exec(header ?? "") ?? [];
  const [, total] = /(?:^|,)\s*total;dur=([\d.]+)/i.exec(header ?? "") ?? [];
  if (cache === undefined && total === undefined) return undefined;
  return { seconds: Number(total ?? 0) / 1000, ...(cache !== undefined && { cached: cache === "hit" }) };
}
