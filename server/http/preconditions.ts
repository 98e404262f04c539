/** What a representation is compared with. */
export interface Validators {
  /** A strong entity tag with its quotes. */
  readonly etag: string;
  /** Milliseconds since 1970; compared in whole seconds. */
  readonly lastModified?: number;
}

/** The conditional headers of a GET or HEAD, as Node gives them. */
export interface ConditionalHeaders {
  readonly "if-match"?: string;
  readonly "if-unmodified-since"?: string;
  readonly "if-none-match"?: string;
  readonly "if-modified-since"?: string;
}

export type Verdict = "proceed" | "not-modified" | "failed";

/** The order of RFC 9110, 13.2.2, for GET and HEAD: If-None-Match wins over If-Modified-Since. */
export function evaluatePreconditions(headers: ConditionalHeaders, current: Validators): Verdict {
  const match = headers["if-match"];
  if (match !== undefined) {
    if (!listHas(match, current.etag, strongEqual)) return "failed";
  } else if (isAfter(current.lastModified, headers["if-unmodified-since"])) return "failed";

  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined)
    return listHas(noneMatch, current.etag, weakEqual) ? "not-modified" : "proceed";
  const since = parseDate(headers["if-modified-since"]);
  if (since === undefined || current.lastModified === undefined) return "proceed";
  return wholeSeconds(current.lastModified) <= since ? "not-modified" : "proceed";
}

/** Whether a Range holds for the current representation: If-Range compares strongly (RFC 9110, 13.1.5). */
export function ifRangeHolds(header: string | undefined, current: Validators): boolean {
  if (header === undefined) return true;
  const value = header.trim();
  if (value.startsWith('"') || value.startsWith("W/")) return strongEqual(value, current.etag);
  const date = parseDate(value);
  return (
    date !== undefined && current.lastModified !== undefined && wholeSeconds(current.lastModified) === date
  );
}

const ETAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

function listHas(list: string, etag: string, equal: (a: string, b: string) => boolean): boolean {
  if (list.trim() === "*") return true;
  return (list.match(ETAG) ?? []).some((candidate) => equal(candidate, etag));
}

const opaque = (etag: string): string => etag.replace(/^W\//, "");
const weakEqual = (a: string, b: string): boolean => opaque(a) === opaque(b);
const strongEqual = (a: string, b: string): boolean => !a.startsWith("W/") && !b.startsWith("W/") && a === b;

const wholeSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Seconds since 1970, or undefined: a date that cannot be read is as good as none (RFC 9110, 13.1.3). */
function parseDate(value: string | undefined): number | undefined {
  if (value === undefined || !/^[A-Z][a-z]{2}/.test(value)) return undefined;
  const milliseconds = Date.parse(value);
  return Number.isNaN(milliseconds) ? undefined : wholeSeconds(milliseconds);
}

function isAfter(lastModified: number | undefined, header: string | undefined): boolean {
  const limit = parseDate(header);
  return lastModified !== undefined && limit !== undefined && wholeSeconds(lastModified) > limit;
}
