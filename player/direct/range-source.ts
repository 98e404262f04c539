import { SieddError } from "../../codec/errors.js";
import type { ByteSource } from "../../codec/internal.js";
import { badResponse, errorForStatus, rangesNotSupported, serverUnreachable } from "../errors.js";
import { delay } from "../source/video-info.js";

/** Bytes of the first request: the head of a video of some minutes, and mostly its first group too. */
const FIRST_BYTES = 65_536;
/** Times that a request is made before the network counts as lost. */
const ATTEMPTS = 7;
const FIRST_WAIT = 0.5;
const LONGEST_WAIT = 8;

/** The file is not the one any more that was opened: its validator or length has changed, or it is gone. */
export class AssetReplacedError extends Error {
  constructor() {
    super("the video has been replaced");
    this.name = "AssetReplacedError";
  }
}

interface Part {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the whole file; null where another origin does not show it. */
  readonly total: number | null;
  /** What changes when the file does; null where nothing says. */
  readonly validator: string | null;
}

/**
 * A file on any host that answers Range. Each answer is held to the first one's validator (RFC 9110, 8.8), instead of
 * sending If-Range: a foreign host would have to allow that header first.
 */
export class RangeSource implements ByteSource {
  readonly url: string;
  readonly size: number;
  readonly #validator: string | null;
  readonly #signal: AbortSignal;
  readonly #kept = new Map<number, Uint8Array<ArrayBuffer>>();

  private constructor(url: string, size: number, first: Part, signal: AbortSignal) {
    this.url = url;
    this.size = size;
    this.#validator = first.validator;
    this.#signal = signal;
    this.#kept.set(0, first.bytes);
  }

  /** Rejects with PlayerError: `video-not-found`, `server-unreachable`, `server-busy`, `no-ranges`, `bad-answer`. */
  static async open(url: string, signal: AbortSignal): Promise<RangeSource> {
    const first = await request(url, 0, FIRST_BYTES, signal, (status) => errorForStatus(status, url));
    const all = first.bytes.length < FIRST_BYTES ? first.bytes.length : Number.MAX_SAFE_INTEGER;
    return new RangeSource(url, first.total ?? all, first, signal);
  }

  /** Rejects with SieddError `truncated-asset`, AssetReplacedError, or PlayerError where the host does not answer. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#find(offset, length);
    if (kept !== undefined) return kept;
    return this.#fetch(offset, length);
  }

  /** Fetches bytes in one request, for the reads that follow; at most to the end of the file. */
  async keep(offset: number, length: number): Promise<void> {
    const max = Math.min(length, this.size - offset);
    if (this.#find(offset, max) === undefined) this.#kept.set(offset, await this.#fetch(offset, max));
  }

  /** Lets go what `keep` fetched; the head of the file stays. */
  drop(offset: number): void {
    if (offset > 0) this.#kept.delete(offset);
  }

  #find(offset: number, length: number): Uint8Array<ArrayBuffer> | undefined {
    for (const [start, bytes] of this.#kept) {
      if (start <= offset && offset + length <= start + bytes.length)
        return bytes.subarray(offset - start, offset - start + length);
    }
    return undefined;
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { bytes, total, validator } = await request(this.url, offset, length, this.#signal, (status) =>
      [404, 410, 412, 416].includes(status) ? new AssetReplacedError() : errorForStatus(status, this.url),
    );
    const known = Number.isSafeInteger(this.size + 1);
    if (validator !== this.#validator || (total !== null && known && total !== this.size))
      throw new AssetReplacedError();
    if (bytes.length !== length) {
      throw new SieddError(
        "truncated-asset",
        `the asset was cut off at byte ${offset + bytes.length}; copy or encode it again`,
      );
    }
    return bytes;
  }
}

/** One range, asked for again after a while where the network or the host fails for the moment. */
async function request(
  url: string,
  offset: number,
  length: number,
  signal: AbortSignal,
  refusal: (status: number) => Error,
): Promise<Part> {
  for (let attempt = 1; ; attempt++) {
    let failure: Error;
    let wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
    try {
      const answer = await fetch(url, {
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
        signal,
      });
      if (answer.status === 206) return await readPart(answer);
      // What is left of a whole video must not come.
      await answer.body?.cancel();
      if (answer.status === 200) throw rangesNotSupported(url);
      failure = refusal(answer.status);
      if (answer.status !== 429 && answer.status < 500) throw failure;
      wait = Math.max(wait, Math.min(LONGEST_WAIT, Number(answer.headers.get("retry-after")) || 0));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // fetch and the reading of a body reject with TypeError where the network fails.
      if (!(error instanceof TypeError)) throw error;
      failure = serverUnreachable(error);
    }
    if (attempt === ATTEMPTS) throw failure;
    await delay(wait * 1000, signal);
  }
}

async function readPart(answer: Response): Promise<Part> {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.headers.get("content-range") ?? "");
  const total = range === null || range[3] === "*" ? null : Number(range[3]);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (range !== null && bytes.length !== Number(range[2]) - Number(range[1]) + 1) throw badResponse();
  const validator = answer.headers.get("etag") ?? answer.headers.get("last-modified");
  return { bytes, total, validator };
}
