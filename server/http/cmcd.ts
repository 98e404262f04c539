/** The Common Media Client Data (CTA-5004) that affects how a request is served. */
export interface CmcdRequest {
  /** Milliseconds until the client's buffer is empty (`dl`). */
  readonly deadline?: number;
  /** Whether playback waits for this response: at startup, after a seek, or in a stall (`su`). */
  readonly startup?: boolean;
  /** The next request of the client, as a URL relative to this request (`nor`). */
  readonly nextObject?: string;
}

const EMPTY: CmcdRequest = {};
/** Longer values are ignored. */
const MAX_LENGTH = 4096;

/**
 * Parses CMCD from the `CMCD-Request` header, or from the `CMCD` query parameter, which takes precedence. Malformed
 * data is ignored, as CTA-5004 requires.
 */
export function parseCmcd(header: unknown, query: unknown): CmcdRequest {
  const text = typeof query === "string" ? query : typeof header === "string" ? header : undefined;
  if (text === undefined || text.length > MAX_LENGTH) return EMPTY;
  let data: CmcdRequest = EMPTY;
  // Matches key[=value], where value is a token or a quoted string, which may contain commas.
  for (const [, key, value] of text.matchAll(/(?:^|,)\s*([\w-]+)(?:=("(?:[^"\\]|\\.)*"|[^,]*))?/g)) {
    if (key === "dl" && /^\d{1,7}$/.test(value ?? "")) data = { ...data, deadline: Number(value) };
    else if (key === "su" && (value === undefined || value === "true")) data = { ...data, startup: true };
    else if (key === "nor" && value?.startsWith('"')) {
      const nextObject = decodeUrl(value.slice(1, -1).replace(/\\(.)/g, "$1"));
      if (nextObject !== undefined) data = { ...data, nextObject };
    }
  }
  return data;
}

function decodeUrl(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
