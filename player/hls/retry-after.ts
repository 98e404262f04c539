/** Most seconds that an answer may have us wait: a viewer who waits longer would rather be told. */
const LONGEST_WAIT = 10;

/** One header of the answer to a request; undefined where it has none, or another origin does not let it be read. */
export function responseHeader(request: unknown, name: string): string | undefined {
  // All headers: asking for one that another origin does not expose is an error on the console.
  const headers = (request as XMLHttpRequest | null)?.getAllResponseHeaders?.() ?? "";
  return new RegExp(`^${name}:\\s*(.*)$`, "im").exec(headers)?.[1]?.trim();
}

/** Seconds after which a busy server wants to be asked again (RFC 9110, 10.2.3: seconds or a date), from 0 to 10. */
export function retryAfter(request: unknown, now: number = Date.now()): number {
  const text = responseHeader(request, "retry-after") ?? "0";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(0, seconds), LONGEST_WAIT);
}
