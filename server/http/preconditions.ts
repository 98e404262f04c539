/** The validators of the current representation. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since 1970; compared in seconds, rounded down. */
  readonly lastModified?: number;
}

/** The conditional headers of a GET or HEAD request, as Node parses them. */
export interface ConditionalHeaders {
  readonly "if-match"?: string;
  readonly "if-unmodified-since"?: string;
  readonly "if-none-match"?: string;
  readonly "if-modified-since"?: string;
}

export type Verdict = "proceed" | "not-modified" | "failed";

/** Evaluates the preconditions of a GET or HEAD request in the order of RFC 9110, 13.2.2. */
export function evaluatePreconditions(headers: ConditionalHeaders, current: Validators): Verdict {
  const match = headers["if-match"];
  if (match !== undefined) {
    if (!listIncludes(match, current.etag, strongEqual)) return "failed";
  } else if (isAfter(current.lastModified, headers["if-unmodified-since"])) return "failed";

  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined)
    return listIncludes(noneMatch, current.etag, weakEqual) ? "not-modified" : "proceed";
  const since = parseDate(headers["if-modified-since"]);
  if (since === undefined || current.lastModified === undefined) return "proceed";
  return floorSeconds(current.lastModified) <= since ? "not-modified" : "proceed";
}

/**
 * Whether `If-Range` matches, so that the Range header applies. The comparison is strong: weak ETags never match
 * (RFC 9110, 13.1.5).
 */
export function ifRangeMatches(header: string | undefined, current: Validators): boolean {
  if (header === undefined) return true;
  const value = header.trim();
  if (value.startsWith('"') || value.startsWith("W/")) return strongEqual(value, current.etag);
  const date = parseDate(value);
  return (
    date !== undefined && current.lastModified !== undefined && floorSeconds(current.lastModified) === date
  );
}

const ETAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

function listIncludes(list: string, etag: string, equal: (a: string, b: string) => boolean): boolean {
  if (list.trim() === "*") return true;
  return (list.match(ETAG) ?? []).some((candidate) => equal(candidate, etag));
}

const opaque = (etag: string): string => etag.replace(/^W\//, "");
const weakEqual = (a: string, b: string): boolean => opaque(a) === opaque(b);
const strongEqual = (a: string, b: string): boolean => !a.startsWith("W/") && !b.startsWith("W/") && a === b;

const floorSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Parses an HTTP date to seconds since 1970. An invalid date is ignored (RFC 9110, 13.1.3). */
function parseDate(value: string | undefined): number | undefined {
  if (value === undefined || !/^[A-Z][a-z]{2}/.test(value)) return undefined;
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : floorSeconds(milliseconds);
}

/** Whether `lastModified` (milliseconds) is later than the date of a header. */
function isAfter(lastModified: number | undefined, header: string | undefined): boolean {
  const limit = parseDate(header);
  return lastModified !== undefined && limit !== undefined && floorSeconds(lastModified) > limit;
}
