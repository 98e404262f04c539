/** What of Common Media Client Data (CTA-5004) changes how a request is served. */
export interface ClientData {
  /** Milliseconds until the client's buffer runs dry (`dl`). */
  readonly deadline?: number;
  /** Whether it cannot play on without this (`su`: start-up, a seek, or a stall). */
  readonly startup?: boolean;
  /** What it will ask for next, relative to this request (`nor`). */
  readonly next?: string;
}

const NOTHING: ClientData = {};
/** A client that needs more to say so little is left unheard. */
const MAX_LENGTH = 4096;

/**
 * Reads CMCD from where it stands: the `CMCD-Request` header, or the query's `CMCD`, which wins. What is
 * malformed is as good as not there, as CTA-5004 asks.
 */
export function readClientData(header: unknown, query: unknown): ClientData {
  const text = typeof query === "string" ? query : typeof header === "string" ? header : undefined;
  if (text === undefined || text.length > MAX_LENGTH) return NOTHING;
  let data: ClientData = NOTHING;
  // A comma within quotes is part of a value: key[=value], the value a token or a quoted string.
  for (const [, key, value] of text.matchAll(/(?:^|,)\s*([\w-]+)(?:=("(?:[^"\\]|\\.)*"|[^,]*))?/g)) {
    if (key === "dl" && /^\d{1,7}$/.test(value ?? "")) data = { ...data, deadline: Number(value) };
    else if (key === "su" && (value === undefined || value === "true")) data = { ...data, startup: true };
    else if (key === "nor" && value?.startsWith('"')) {
      const next = decoded(value.slice(1, -1).replace(/\\(.)/g, "$1"));
      if (next !== undefined) data = { ...data, next };
    }
  }
  return data;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
