import { inspect } from "node:util";

/** What a request can run into here, as a stable code of the JSON body; the sentence beside it is for people. */
export type RequestErrorCode =
  | "not-found"
  | "unknown-asset"
  | "no-such-segment"
  | "no-such-audio"
  | "no-such-text"
  | "no-such-frame"
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
  // Players give up at the first 4xx and try again after a 5xx.
  busy: 503,
  "over-quota": 503,
  closing: 503,
  "asset-incomplete": 503,
  "origin-failed": 502,
  "origin-timeout": 504,
};

/** A request that gets an answer other than what it asked for. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: RequestErrorCode;
  readonly status: number;
  /** Further headers of the answer. */
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

/** Why the server could not start, as a stable code. */
export type ServeErrorCode = "bad-option" | "port-in-use" | "cannot-listen";

/** The server could not start; the message says why and what to do. */
export class ServeError extends Error {
  override readonly name = "ServeError";
  readonly code: ServeErrorCode;

  constructor(code: ServeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The sentence for an option that cannot be: where it stands, the rule and what was given.
 *
 * @param path such as `siedd options.maxSide`
 */
export function invalidOption(path: string, rule: string, value: unknown): ServeError {
  const shown = typeof value === "string" ? JSON.stringify(value) : inspect(value, { breakLength: Infinity });
  return new ServeError("bad-option", `${path} must be ${rule}, not ${shown}`);
}

/** Another server, from which an asset is read, failed at it. The sentence names no address; `cause` does. */
export class OriginError extends RequestError {
  override readonly cause: unknown;

  constructor(code: "origin-failed" | "origin-timeout", message: string, cause: unknown) {
    super(code, message, { "retry-after": "2" });
    this.cause = cause;
  }
}
