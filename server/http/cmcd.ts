import { decodeCmcd } from "@svta/cml-cmcd";

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
/** Maximum characters of a CMCD value; a longer one is ignored. */
const MAX_LENGTH = 4096;

/**
 * Parses CMCD from the `CMCD-Request` header, or from the `CMCD` query parameter, which takes precedence. Versions 1
 * and 2 are supported. Malformed data is ignored, as CTA-5004 requires.
 */
export function parseCmcd(header: unknown, query: unknown): CmcdRequest {
  const text = typeof query === "string" ? query : typeof header === "string" ? header : undefined;
  if (text === undefined || text.length > MAX_LENGTH) return EMPTY;
  const { dl, su, nor, v } = decode(text);
  const deadline = firstValue(dl);
  const url = firstValue(nor);
  const nextObject = typeof url !== "string" || v === 2 ? url : decodeUrl(url);
  return {
    ...(typeof deadline === "number" && Number.isInteger(deadline) && deadline >= 0 && { deadline }),
    ...(firstValue(su) === true && { startup: true }),
    ...(typeof nextObject === "string" && { nextObject }),
  };
}

function decode(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...decodeCmcd(text) };
  } catch {
    return {};
  }
}

/** Returns a value without its parameters; for a list, such as the `nor` of version 2, the first value of the list. */
function firstValue(item: unknown): unknown {
  if (Array.isArray(item)) return firstValue(item[0]);
  return typeof item === "object" && item !== null && "value" in item ? item.value : item;
}

/** Version 1 percent-encodes the `nor` value. */
function decodeUrl(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
