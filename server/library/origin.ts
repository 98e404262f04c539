import { OriginError } from "../errors.js";

/** Headers of requests to an origin, or a function that gives them for each one: a signature, a token. */
export type OriginHeaders =
  | Readonly<Record<string, string>>
  | ((url: URL) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>);

/** What an Origin has done so far. */
export interface OriginCounts {
  readonly requests: number;
  readonly failures: number;
  /** Of bodies. */
  readonly bytes: number;
}

/** Milliseconds before a request that failed is tried once more. */
const PAUSE = 100;

/** Another HTTP server, asked with a time limit, and once more where it fails. */
export class Origin {
  readonly counts = { requests: 0, failures: 0, bytes: 0 };
  readonly #own: URL;
  readonly #headers: OriginHeaders;
  readonly #seconds: number;
  readonly #end = new AbortController();

  /**
   * @param own its address: what it lists elsewhere is asked for without its headers
   * @param seconds from a request to the last byte of its answer
   */
  constructor(own: URL, headers: OriginHeaders, seconds: number) {
    this.#own = own;
    this.#headers = headers;
    this.#seconds = seconds;
  }

  /**
   * Asks for a URL and reads the answer.
   * @param name how an error names what is asked for: addresses may hold signatures
   * @param read throws where the answer is not what was asked for; it is then asked for once more
   */
  async get<T>(
    url: URL,
    name: string,
    headers: Readonly<Record<string, string>>,
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const given = url.origin !== this.#own.origin ? {} : this.#headers;
    const own = typeof given === "function" ? await given(url) : given;
    for (let left = 1; ; left--) {
      const limit = AbortSignal.timeout(this.#seconds * 1000);
      try {
        this.counts.requests++;
        const response = await fetch(url, {
          headers: { "accept-encoding": "identity", ...own, ...headers },
          signal: AbortSignal.any([limit, this.#end.signal]),
        });
        try {
          if (response.status >= 500 || response.status === 429) {
            throw new Error(`${redactUrl(url)} answered with status ${response.status}`);
          }
          return await read(response);
        } finally {
          if (!response.bodyUsed) await response.body?.cancel();
        }
      } catch (cause) {
        this.counts.failures++;
        if (limit.aborted) {
          const text = `the server that ${name} comes from did not answer within ${this.#seconds} seconds; try again later`;
          throw new OriginError(
            "origin-timeout",
            text,
            new Error(`${redactUrl(url)} was too slow`, { cause }),
          );
        }
        if (cause instanceof NonRetryableOriginError || left === 0 || this.#end.signal.aborted) {
          const why = cause instanceof NonRetryableOriginError ? cause.message : "failed";
          throw new OriginError("origin-failed", `the server that ${name} comes from ${why}`, cause);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#end.abort(new Error("the server is closing"));
  }
}

/** An answer that would be the same another time; the message follows "the server that ... comes from". */
export class NonRetryableOriginError extends Error {
  override readonly name = "Refused";
}

/** An address as logs may hold it: the query of a presigned URL is a secret. */
export const redactUrl = (url: URL): string => `${url.origin}${url.pathname}`;
