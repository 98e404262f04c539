import { Agent, request } from "undici";
import { OriginError } from "../errors.js";
import { NonRetryableOriginError } from "./origin-errors.js";
import { OriginResponse } from "./origin-response.js";
import { assertPublicHost, lookupPublic } from "./public-addresses.js";

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
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface OriginRequest<T> {
  readonly url: URL;
  /** Names the resource in errors; a URL may contain a signature. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Reads the response. If it throws anything but a NonRetryableOriginError, the request is retried. */
  readonly read: (response: OriginResponse) => Promise<T>;
}

export interface OriginOptions {
  /** URLs with another scheme, host or port are requested without `headers`, and only at public addresses. */
  readonly baseUrl: URL;
  readonly headers: OriginHeaders;
  /** From the start of a request to the last byte of its response. */
  readonly timeoutSeconds: number;
  /** Other origins, such as `https://cdn.example`, to which redirects are followed and which may be at any address. */
  readonly allowList: ReadonlySet<string>;
}

/** A client of another HTTP server. Requests have a timeout, and are retried once if they fail. */
export class Origin {
  readonly counts = { requests: 0, failures: 0, bytes: 0 };
  readonly #options: OriginOptions;
  readonly #closed = new AbortController();
  /** Connects to the configured origins. */
  readonly #trustedAgent: Agent;
  /** Connects to origins that only a response named. */
  readonly #publicAgent: Agent;

  constructor(options: OriginOptions) {
    this.#options = options;
    const timeout = options.timeoutSeconds * 1000;
    // The signal of each request limits its time.
    const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 };
    this.#trustedAgent = new Agent({ ...noTimeouts, connect: { timeout } });
    this.#publicAgent = new Agent({ ...noTimeouts, connect: { timeout, lookup: lookupPublic } });
  }

  /** Requests a URL and reads the response. Rejects with OriginError. */
  async get<T>(originRequest: OriginRequest<T>): Promise<T> {
    const { url, name, read } = originRequest;
    for (let retriesLeft = 1; ; retriesLeft--) {
      const timeout = AbortSignal.timeout(this.#options.timeoutSeconds * 1000);
      try {
        this.counts.requests++;
        const signal = AbortSignal.any([timeout, this.#closed.signal]);
        const response = await this.#send(originRequest, signal);
        try {
          if (response.status >= 500 || response.status === 429) {
            throw new Error(`${redactUrl(url)} returned status ${response.status}`);
          }
          return await read(response);
        } finally {
          response.discard();
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

  /** Aborts the requests in flight, and closes all connections. */
  close(): void {
    const reason = new Error("server shutting down");
    this.#closed.abort(reason);
    for (const agent of [this.#trustedAgent, this.#publicAgent]) agent.destroy(reason).catch(() => {});
  }

  /** Sends a request and follows redirects to the same or an allowed origin. */
  async #send<T>({ url, headers }: OriginRequest<T>, signal: AbortSignal): Promise<OriginResponse> {
    for (let target = url, redirects = 0; ; redirects++) {
      const response = await this.#sendOnce(target, headers, signal);
      const location = response.header("location");
      if (!REDIRECTS.has(response.status) || location === "") return response;
      response.discard();
      if (redirects === MAX_REDIRECTS || !URL.canParse(location, target.href)) {
        throw new NonRetryableOriginError(
          `redirected more than ${MAX_REDIRECTS} times, or to an invalid URL`,
        );
      }
      const next = new URL(location, target);
      if (next.origin !== target.origin && !this.#options.allowList.has(next.origin)) {
        throw new NonRetryableOriginError(
          "redirected to another server; add that to originAllowList to allow it",
          {
            cause: new Error(`${redactUrl(target)} redirected to ${redactUrl(next)}`),
          },
        );
      }
      target = next;
    }
  }

  async #sendOnce(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<OriginResponse> {
    const { baseUrl, headers: baseHeaders, allowList } = this.#options;
    const isBase = url.origin === baseUrl.origin;
    const isTrusted = isBase || allowList.has(url.origin);
    if (!isTrusted) assertPublicHost(url);
    const configured = typeof baseHeaders === "function" && isBase ? await baseHeaders(url) : baseHeaders;
    const response = await request(url, {
      dispatcher: isTrusted ? this.#trustedAgent : this.#publicAgent,
      headers: { ...(isBase && configured), "accept-encoding": "identity", ...headers },
      signal,
    });
    return new OriginResponse(response, (count) => {
      this.counts.bytes += count;
    });
  }

  #timeoutError(url: URL, name: string, cause: unknown): OriginError {
    return new OriginError(
      "origin-timeout",
      `the origin of ${name} did not respond within ${this.#options.timeoutSeconds} s; retry later`,
      new Error(`${redactUrl(url)} timed out`, { cause }),
    );
  }
}

/** Returns a URL for logs, without its query, which is secret in a presigned URL. */
export const redactUrl = (url: URL): string => `${url.origin}${url.pathname}`;
