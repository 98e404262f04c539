import { SieddError } from "../../codec/errors.js";
import type { ByteSource } from "../../codec/internal.js";
import { badResponse, errorForStatus, rangesNotSupported, serverUnreachable } from "../errors.js";
import { delay } from "../source/video-info.js";

/** Bytes of the first request: enough for the header of a video of several minutes, and usually its first group. */
const FIRST_BYTES = 65_536;
/** Maximum attempts at a request, including the first. */
const MAX_ATTEMPTS = 7;
const FIRST_RETRY_SECONDS = 0.5;
const MAX_RETRY_SECONDS = 8;

/** The file is no longer the one that was opened: its validator or length has changed, or it is gone. */
export class AssetReplacedError extends Error {
  constructor() {
    super("the asset was replaced while it was being read");
    this.name = "AssetReplacedError";
  }
}

/** The response to a Range request. */
interface RangeResponse {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Size of the file in bytes; null if CORS hides it. */
  readonly total: number | null;
  /** The ETag or Last-Modified header; null without either. */
  readonly validator: string | null;
}

/**
 * A file on any host that supports Range requests. The validator of each response must equal the first one's (RFC 9110,
 * 8.8). If-Range would be simpler, but another origin would have to allow that header.
 */
export class RangeSource implements ByteSource {
  readonly url: string;
  readonly size: number;
  readonly #validator: string | null;
  readonly #signal: AbortSignal;
  /** Prefetched ranges by their offset in the file. */
  readonly #prefetched = new Map<number, PrefetchedRange>();

  private constructor(url: string, size: number, first: RangeResponse, signal: AbortSignal) {
    this.url = url;
    this.size = size;
    this.#validator = first.validator;
    this.#signal = signal;
    this.#hold(0, first.bytes);
  }

  /**
   * Opens a file by fetching its first bytes.
   *
   * @throws PlayerError `video-not-found`, `server-unreachable`, `server-busy`, `no-ranges` or `bad-answer`, or the
   *   signal's reason
   */
  static async open(url: string, signal: AbortSignal): Promise<RangeSource> {
    const first = await fetchRange(url, {
      offset: 0,
      length: FIRST_BYTES,
      signal,
      errorFor: (status) => errorForStatus(status, url),
    });
    const knownSize = first.bytes.length < FIRST_BYTES ? first.bytes.length : Number.MAX_SAFE_INTEGER;
    return new RangeSource(url, first.total ?? knownSize, first, signal);
  }

  /**
   * Reads bytes, from the prefetched ones if possible.
   *
   * @throws SieddError `truncated-asset`, AssetReplacedError, or PlayerError if the host does not respond
   */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    for (const [start, range] of this.#prefetched) {
      const first = offset - start;
      if (first >= 0 && first + length <= range.length)
        return (await range.bytes).subarray(first, first + length);
    }
    return this.#fetch(offset, length);
  }

  /**
   * Fetches bytes in one request for later reads, which wait for it; `length` is clamped to the end of the file. Bytes that
   * are prefetched already take no request.
   */
  async prefetch(offset: number, length: number): Promise<void> {
    const clamped = Math.min(length, this.size - offset);
    const bytes = this.read(offset, clamped);
    const range = { length: clamped, bytes };
    if ((this.#prefetched.get(offset)?.length ?? 0) < clamped) this.#prefetched.set(offset, range);
    try {
      await bytes;
    } catch (error) {
      if (this.#prefetched.get(offset) === range) this.#prefetched.delete(offset);
      throw error;
    }
  }

  /** Releases what `prefetch` fetched at this offset, except for the bytes of `kept`. The start of the file is kept. */
  release(offset: number, kept?: Uint8Array<ArrayBuffer>): void {
    if (offset === 0) return;
    this.#prefetched.delete(offset);
    if (kept !== undefined) this.#hold(offset, kept);
  }

  #hold(offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#prefetched.set(offset, { length: bytes.length, bytes: Promise.resolve(bytes) });
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, total, validator } = await fetchRange(this.url, {
      offset,
      length,
      signal: this.#signal,
      errorFor: (status) =>
        [404, 410, 412, 416].includes(status) ? new AssetReplacedError() : errorForStatus(status, this.url),
    });
    const isSizeKnown = Number.isSafeInteger(this.size + 1);
    if (validator !== this.#validator || (total !== null && isSizeKnown && total !== this.size))
      throw new AssetReplacedError();
    if (bytes.length !== length) {
      throw new SieddError(
        "truncated-asset",
        `the asset ends at byte ${offset + bytes.length}, expected ${offset + length}; copy or encode it again`,
      );
    }
    return bytes;
  }
}

/** Bytes that are fetched or in flight. */
interface PrefetchedRange {
  readonly length: number;
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
}

interface RangeRequest {
  readonly offset: number;
  readonly length: number;
  readonly signal: AbortSignal;
  /** Returns the error to throw for an HTTP status. */
  errorFor(status: number): Error;
}

/** Fetches one range. Retries after network errors, and after status 429 and 5xx. */
async function fetchRange(
  url: string,
  { offset, length, signal, errorFor }: RangeRequest,
): Promise<RangeResponse> {
  for (let attempt = 1; ; attempt++) {
    let failure: Error;
    let retrySeconds = Math.min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (attempt - 1));
    try {
      const response = await fetch(url, {
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
        signal,
      });
      if (response.status === 206) return await readRangeResponse(response);
      // Status 200 would download the whole file.
      await response.body?.cancel();
      if (response.status === 200) throw rangesNotSupported(url);
      failure = errorFor(response.status);
      if (response.status !== 429 && response.status < 500) throw failure;
      const retryAfter = Number(response.headers.get("retry-after")) || 0;
      retrySeconds = Math.max(retrySeconds, Math.min(MAX_RETRY_SECONDS, retryAfter));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // `fetch` and the body's methods reject with TypeError if the network fails.
      if (!(error instanceof TypeError)) throw error;
      failure = serverUnreachable(error);
    }
    if (attempt === MAX_ATTEMPTS) throw failure;
    await delay(retrySeconds * 1000, signal);
  }
}

async function readRangeResponse(response: Response): Promise<RangeResponse> {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  const total = range === null || range[3] === "*" ? null : Number(range[3]);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (range !== null && bytes.length !== Number(range[2]) - Number(range[1]) + 1) throw badResponse();
  const validator = response.headers.get("etag") ?? response.headers.get("last-modified");
  return { bytes, total, validator };
}
