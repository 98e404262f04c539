import { OriginError } from "../errors.js";

/** Headers of requests to an origin, or a function that returns them per request, such as a signature or a token. */
export type OriginHeaders =
  | Readonly<Record<string, string>>
  | ((url: URL) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** What an Origin has done so far. */
export interface OriginCounts {
  readonly requests: number;
  readonly failures: number;
  /** Bytes of response bodies. */
  readonly bytes: number;
}

/** Milliseconds between a failed request and its retry. */
const RETRY_DELAY_MS = 100;

export interface OriginRequest<T> {
  readonly url: URL;
  /** Names the resource in errors; a URL may contain a signature. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Reads the response. If it throws anything but a NonRetryableOriginError, the request is retried. */
  readonly read: (response: Response) => Promise<T>;
}

/** A client of another HTTP server. Requests have a timeout, and are retried once if they fail. */
export class Origin {
  readonly counts = { requests: 0, failures: 0, bytes: 0 };
  readonly #baseUrl: URL;
  readonly #headers: OriginHeaders;
  readonly #timeoutSeconds: number;
  readonly #closed = new AbortController();

  /**
   * @param baseUrl URLs with another scheme, host or port are requested without `headers`
   * @param timeoutSeconds from the start of a request to the last byte of its response
   */
  constructor(baseUrl: URL, headers: OriginHeaders, timeoutSeconds: number) {
    this.#baseUrl = baseUrl;
    this.#headers = headers;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /** Requests a URL and reads the response. Rejects with OriginError. */
  async get<T>({ url, name, headers, read }: OriginRequest<T>): Promise<T> {
    const configuredHeaders = url.origin !== this.#baseUrl.origin ? {} : this.#headers;
    const originHeaders =
      typeof configuredHeaders === "function" ? await configuredHeaders(url) : configuredHeaders;
    for (let retriesLeft = 1; ; retriesLeft--) {
      const timeout = AbortSignal.timeout(this.#timeoutSeconds * 1000);
      try {
        this.counts.requests++;
        const response = await fetch(url, {
          headers: { "accept-encoding": "identity", ...originHeaders, ...headers },
          signal: AbortSignal.any([timeout, this.#closed.signal]),
        });
        try {
          if (response.status >= 500 || response.status === 429) {
            throw new Error(`${redactUrl(url)} returned status ${response.status}`);
          }
          return await read(response);
        } finally {
          if (!response.bodyUsed) await response.body?.cancel();
        }
      } catch (cause) {
        this.counts.failures++;
        if (timeout.aborted) throw this.#timeoutError(url, name, cause);
        if (cause instanceof NonRetryableOriginError || retriesLeft === 0 || this.#closed.signal.aborted) {
          const reason = cause instanceof NonRetryableOriginError ? cause.message : "failed";
          throw new OriginError("origin-failed", `the origin of ${name} ${reason}`, cause);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS));
    }
  }

  /** Aborts the requests in flight. */
  close(): void {
    this.#closed.abort(new Error("server shutting down"));
  }

  #timeoutError(url: URL, name: string, cause: unknown): OriginError {
    return new OriginError(
      "origin-timeout",
      `the origin of ${name} did not respond within ${this.#timeoutSeconds} s; retry later`,
      new Error(`${redactUrl(url)} timed out`, { cause }),
    );
  }
}

/** A response that a retry would not change. The message completes the sentence "the origin of ... ". */
export class NonRetryableOriginError extends Error {
  override readonly name = "NonRetryableOriginError";
}

/** Returns a URL for logs, without its query, which is secret in a presigned URL. */
export const redactUrl = (url: URL): string => `${url.origin}${url.pathname}`;
