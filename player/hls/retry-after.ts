/** The longest wait in seconds. Beyond it an error message is more helpful. */
const MAX_RETRY_AFTER_SECONDS = 10;

/**
 * Returns a header of the response to an XMLHttpRequest; undefined if it is absent or CORS does not expose it.
 *
 * @param request an XMLHttpRequest, or any other value for no headers
 */
export function responseHeader(request: unknown, name: string): string | undefined {
  // Reads all headers: `getResponseHeader` logs a console error for a header that CORS does not expose.
  const headers = (request as XMLHttpRequest | null)?.getAllResponseHeaders?.() ?? "";
  return new RegExp(`^${name}:\\s*(.*)$`, "im").exec(headers)?.[1]?.trim();
}

/**
 * Returns the seconds to wait before a retry, from 0 to 10, from the Retry-After header: seconds or a date
 * (RFC 9110, 10.2.3).
 *
 * @param now the current time in milliseconds since the epoch
 */
export function retryAfter(request: unknown, now: number = Date.now()): number {
  const text = responseHeader(request, "retry-after") ?? "0";
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isNaN(seconds) ? 0 : Math.min(Math.max(0, seconds), MAX_RETRY_AFTER_SECONDS);
}
