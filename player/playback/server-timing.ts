/** The server's work on a response, from its Server-Timing header (w3.org/TR/server-timing). */
export interface ServerTiming {
  /** Time in the queue, decoding and encoding, in seconds. */
  readonly seconds: number;
  /** Whether the bytes came from the server's cache; absent if the header does not say. */
  readonly cached?: boolean;
}

/** Parses `total;dur=12.5, cache;desc=hit`, with `dur` in milliseconds. Returns undefined without either metric. */
export function parseServerTiming(header: string | null): ServerTiming | undefined {
  const [, cache] = /(?:^|,)\s*cache;desc="?(\w+)/i.exec(header ?? "") ?? [];
  const [, total] = /(?:^|,)\s*total;dur=([\d.]+)/i.exec(header ?? "") ?? [];
  if (cache === undefined && total === undefined) return undefined;
  return { seconds: Number(total ?? 0) / 1000, ...(cache !== undefined && { cached: cache === "hit" }) };
}
