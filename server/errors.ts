import { inspect } from "node:util";

/** Why a request failed: a stable code in the JSON body of the response. The message beside it is for humans. */
export type RequestErrorCode =
  | "not-found"
  | "unknown-asset"
  | "no-such-segment"
  | "no-such-audio"
  | "no-such-text"
  | "no-such-frame"
  | "not-encoded"
  | "no-such-sheet"
  | "stale-version"
  | "method-not-allowed"
  | "bad-url"
  | "bad-host"
  | "bad-region"
  | "bad-size"
  | "bad-time"
  | "bad-format"
  | "bad-codec"
  | "codec-unavailable"
  | "size-too-small"
  | "size-too-large"
  | "upscale-needs-caret"
  | "range-not-satisfiable"
  | "precondition-failed"
  | "too-much-work"
  | "bad-signature"
  | "expired-signature"
  | "not-authorized"
  | "cross-origin"
  | "bad-preset"
  | "cannot-encode"
  | "bad-upload"
  | "not-a-video"
  | "too-many-uploads"
  | "upload-too-large"
  | "busy"
  | "over-quota"
  | "closing"
  | "asset-incomplete"
  | "origin-failed"
  | "origin-timeout";

const STATUS: Readonly<Record<RequestErrorCode, number>> = {
  "not-found": 404,
  "unknown-asset": 404,
  "no-such-segment": 404,
  "no-such-audio": 404,
  "no-such-text": 404,
  "no-such-frame": 404,
  "not-encoded": 404,
  "no-such-sheet": 404,
  "stale-version": 404,
  "method-not-allowed": 405,
  "bad-url": 400,
  "bad-host": 400,
  "bad-region": 400,
  "bad-size": 400,
  "bad-time": 400,
  "bad-format": 400,
  "bad-codec": 400,
  "codec-unavailable": 400,
  "size-too-small": 400,
  "size-too-large": 400,
  "upscale-needs-caret": 400,
  "range-not-satisfiable": 416,
  "precondition-failed": 412,
  "too-much-work": 400,
  "bad-signature": 403,
  "expired-signature": 403,
  "not-authorized": 403,
  "cross-origin": 403,
  "bad-preset": 400,
  "cannot-encode": 409,
  "bad-upload": 400,
  "not-a-video": 422,
  "too-many-uploads": 429,
  "upload-too-large": 413,
  // 503 and not 429: players give up after a 4xx, but retry after a 5xx.
  busy: 503,
  "over-quota": 503,
  closing: 503,
  "asset-incomplete": 503,
  "origin-failed": 502,
  "origin-timeout": 504,
};

/** An error that is sent as the response to a request. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;
  /** HTTP status of the response. */
  readonly status: number;
  /** Additional headers of the response. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: RequestErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    status: number = STATUS[code],
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

/** Returns the error for a path without a route. */
export const notFound = (): RequestError => new RequestError("not-found", "no resource at this path");

/** Why the server could not start: a stable code. */
export type ServeErrorCode = "bad-option" | "port-in-use" | "cannot-listen";

/** The server could not start, or an option is invalid. The message states the reason and the fix. */
export class ServeError extends Error {
  override readonly name = "ServeError";
  readonly code: ServeErrorCode;

  constructor(code: ServeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Returns the error for an invalid option, such as `siedd options.cacheBytes must be an integer >= 0, got -1; use 0 to
 * disable the memory cache`.
 *
 * @param path such as `siedd options.cacheBytes`
 * @param rule completes "must be", such as `an integer >= 0`
 * @param hint what to do instead
 */
export function invalidOption(path: string, rule: string, value: unknown, hint?: string): ServeError {
  const shown = typeof value === "string" ? JSON.stringify(value) : inspect(value, { breakLength: Infinity });
  const suffix = hint === undefined ? "" : `; ${hint}`;
  return new ServeError("bad-option", `${path} must be ${rule}, got ${shown}${suffix}`);
}

/** A request to the origin, the server that stores the asset, failed. The message contains no URL; `cause` may. */
export class OriginError extends RequestError {
  override readonly cause: unknown;

  constructor(code: "origin-failed" | "origin-timeout", message: string, cause: unknown) {
    super(code, message, { "retry-after": "2" });
    this.cause = cause;
  }
}
