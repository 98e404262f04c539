import type { Readable } from "node:stream";
import { NonRetryableOriginError } from "./origin-errors.js";

/** A response of an origin, whose body is read at most once and only up to a limit. */
export class OriginResponse {
  readonly status: number;
  readonly #headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly #body: Readable;
  readonly #onBytes: (count: number) => void;

  /** @param onBytes called with the size of each part of the body that arrives */
  constructor(
    response: {
      readonly statusCode: number;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
      readonly body: Readable;
    },
    onBytes: (count: number) => void,
  ) {
    this.status = response.statusCode;
    this.#headers = response.headers;
    this.#body = response.body;
    this.#onBytes = onBytes;
    // Closing the connection of an unread body is an error for the stream, but not for us.
    this.#body.on("error", () => {});
  }

  /** Returns the value of a header by its lower-case name; "" if it is missing. */
  header(name: string): string {
    const value = this.#headers[name] ?? "";
    return typeof value === "string" ? value : value.join(", ");
  }

  /**
   * Reads the body. Rejects with NonRetryableOriginError as soon as it exceeds `maxBytes`, or if it has a content coding:
   * decompression is not asked for, and its size is not bounded.
   */
  async read(maxBytes: number): Promise<Uint8Array> {
    const coding = this.header("content-encoding");
    if (coding !== "" && coding !== "identity") {
      throw new NonRetryableOriginError(`returned Content-Encoding ${coding}, which was not requested`);
    }
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of this.#body as AsyncIterable<Buffer>) {
      length += part.length;
      this.#onBytes(part.length);
      if (length > maxBytes) {
        throw new NonRetryableOriginError(`returned more than the ${maxBytes} bytes that were expected`);
      }
      parts.push(part);
    }
    return Buffer.concat(parts, length);
  }

  /** Closes the connection unless the body has been read to its end. */
  discard(): void {
    this.#body.destroy();
  }
}
