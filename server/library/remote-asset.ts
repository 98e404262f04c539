import { Readable } from "node:stream";
import { type Asset, openAsset } from "../../codec/asset/asset.js";
import { payloadRanges } from "../../codec/asset/spans.js";
import { SieddError } from "../../codec/errors.js";
import type { ByteRange, TaskSource } from "../../decode-pool/messages.js";
import { BLOCK_BYTES, type BlockCache, type RemoteBytes } from "./block-cache.js";
import type { Identities } from "./identity.js";
import type { AssetSource } from "./library.js";
import { type Origin, redactUrl } from "./origin.js";
import { NonRetryableOriginError } from "./origin-errors.js";
import type { OriginResponse } from "./origin-response.js";

/** One version of the content of a URL, as its first response described it. */
export interface RemoteContent {
  readonly size: number;
  /** The strong ETag, or else Last-Modified, or else empty. */
  readonly validator: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number | undefined;
}

export interface RemoteAsset {
  readonly origin: Origin;
  readonly url: URL;
  /** File name, for errors. */
  readonly file: string;
}

/** Fetches and caches the first block of a URL. Resolves to undefined if the URL is gone. Rejects with OriginError. */
export function fetchFirstBlock(
  { origin, url, file }: RemoteAsset,
  blocks: BlockCache,
): Promise<RemoteContent | undefined> {
  const headers = { range: `bytes=0-${BLOCK_BYTES - 1}` };
  const read = async (response: OriginResponse) => {
    if (isGone(response)) return undefined;
    const { first, last, total } = parseContentRange(response, url);
    const content = { size: total, ...parseValidators(response) };
    const length = Math.min(total, BLOCK_BYTES);
    if (first !== 0 || last !== length - 1) {
      throw new NonRetryableOriginError(`returned bytes ${first}-${last} instead of 0-${length - 1}`);
    }
    const bytes = await readBody(response, length);
    blocks.set(contentKey(url, content), 0, bytes);
    return content;
  };
  return origin.get({ url, name: file, headers, read });
}

/** Whether the URL still has this content. Rejects with OriginError. */
export function isUnchanged({ origin, url, file }: RemoteAsset, content: RemoteContent): Promise<boolean> {
  const { validator } = content;
  const condition = validator.startsWith('"') ? "if-none-match" : "if-modified-since";
  const headers = { range: "bytes=0-0", ...(validator !== "" && { [condition]: validator }) };
  const read = async (response: OriginResponse) => {
    if (response.status === 304) return true;
    if (isGone(response)) return false;
    const { total } = parseContentRange(response, url);
    return total === content.size && parseValidators(response).validator === validator;
  };
  return origin.get({ url, name: file, headers, read });
}

export interface OpenRemoteOptions {
  readonly blocks: BlockCache;
  readonly identities: Identities;
  /** Called when the URL turns out to have another version. */
  readonly onReplaced: () => void;
}

/** Opens one version of an asset on another server for reading, block by block. Rejects as its reads do. */
export async function openRemoteAsset(
  remote: RemoteAsset,
  content: RemoteContent,
  { blocks, identities, onReplaced }: OpenRemoteOptions,
): Promise<AssetSource> {
  const { file } = remote;
  const { size } = content;
  const key = contentKey(remote.url, content);

  const fetchRange = async (first: number, last: number): Promise<Uint8Array> => {
    const bytes = await fetchUnchangedRange(remote, content, first, last);
    if (bytes !== undefined) return bytes;
    onReplaced();
    throw new SieddError("asset-replaced", `${file} was replaced while it was being read; retry`);
  };
  const remoteBytes: RemoteBytes = { key, size, fetch: fetchRange };

  const read = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    if (offset < 0 || length < 0 || offset + length > size) {
      throw new SieddError(
        "truncated-asset",
        `${file} has ${size} bytes, but bytes ${offset} to ${offset + length} are needed; upload it again`,
      );
    }
    return blocks.read(remoteBytes, offset, length, signal);
  };

  const readSample = (offset: number, length: number) => fetchRange(offset, offset + length - 1);
  const identity = await identities.of(key, { size, read, readSample });

  let head: Promise<ByteRange> | undefined;
  const taskSource = async (asset: Asset, groups: readonly number[]): Promise<TaskSource> => {
    head ??= readHead({ size, read });
    head.catch(() => {
      head = undefined;
    });
    const sizes = new Map<number, number>();
    for (const { offset, size: bytes } of groups.flatMap((group) => payloadRanges(asset.groups[group])))
      sizes.set(offset, Math.max(bytes, sizes.get(offset) ?? 0));
    const reads = [...sizes].map(async ([offset, bytes]) =>
      sharedByteRange(offset, await read(offset, bytes)),
    );
    return { kind: "memory", key, name: file, size, ranges: await Promise.all([head, ...reads]) };
  };

  return {
    size,
    read,
    taskSource,
    identity,
    lastModified: content.lastModified,
    stream: (first, last) => streamBlocks(read, first, last),
  };
}

/**
 * Fetches the bytes from `first` to `last`, inclusive. Resolves to undefined if the URL has another version, or is gone.
 */
function fetchUnchangedRange(
  { origin, url, file }: RemoteAsset,
  { size, validator }: RemoteContent,
  first: number,
  last: number,
): Promise<Uint8Array | undefined> {
  const headers = {
    range: `bytes=${first}-${last}`,
    ...(validator !== "" && { "if-range": validator }),
  };
  const read = async (response: OriginResponse) => {
    // Status 200 is the response to an If-Range that does not match.
    if (response.status === 200 || response.status === 416 || isGone(response)) return undefined;
    const range = parseContentRange(response, url);
    if (range.total !== size || parseValidators(response).validator !== validator) return undefined;
    if (range.first !== first || range.last !== last) {
      throw new Error(
        `${redactUrl(url)} returned bytes ${range.first}-${range.last} instead of ${first}-${last}`,
      );
    }
    return readBody(response, last - first + 1);
  };
  return origin.get({ url, name: file, headers, read });
}

/** Streams the bytes from `first` to `last`, inclusive. Rejects if the first block cannot be read. */
async function streamBlocks(read: AssetSource["read"], first: number, last: number): Promise<Readable> {
  const firstBlock = await read(first, Math.min(BLOCK_BYTES, last - first + 1));
  return Readable.from(readBlocks(), { objectMode: false, highWaterMark: 2 * BLOCK_BYTES });

  async function* readBlocks() {
    let block = firstBlock;
    for (let offset = first; ; block = await read(offset, Math.min(BLOCK_BYTES, last - offset + 1))) {
      yield block;
      offset += block.length;
      if (offset > last) return;
    }
  }
}

/** Reads from byte 0 up to the last byte that opening the asset requires. */
async function readHead(source: Pick<AssetSource, "size" | "read">): Promise<ByteRange> {
  let end = 0;
  await openAsset({
    size: source.size,
    read: (offset, length) => {
      end = Math.max(end, offset + length);
      return source.read(offset, length);
    },
  });
  return sharedByteRange(0, await source.read(0, end));
}

/** Copies bytes into shared memory, for the decoding threads. */
function sharedByteRange(offset: number, bytes: Uint8Array): ByteRange {
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return { offset, bytes: shared };
}

const isGone = ({ status }: OriginResponse): boolean => status === 404 || status === 410;

const contentKey = (url: URL, { size, validator }: RemoteContent): string =>
  `${redactUrl(url)} ${size} ${validator}`;

/**
 * Parses Content-Range (RFC 9110, 14.4).
 *
 * @throws NonRetryableOriginError if the response is not partial content
 */
function parseContentRange(response: OriginResponse, url: URL) {
  const { status } = response;
  if (status === 401 || status === 403) {
    throw new NonRetryableOriginError(
      `denied access (status ${status}); its signature or token may have expired`,
    );
  }
  if (status === 200) {
    throw new NonRetryableOriginError("ignored the Range header; it must support HTTP Range requests");
  }
  const header = response.header("content-range");
  const [, first, last, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(header) ?? []).map(Number);
  if (status !== 206 || total === undefined || !Number.isSafeInteger(total)) {
    throw new NonRetryableOriginError(
      `returned status ${status} and Content-Range "${header}" at ${redactUrl(url)}`,
    );
  }
  return { first, last, total };
}

/** A weak ETag cannot be used as the validator: it never matches `If-Range` (RFC 9110, 13.1.5). */
function parseValidators(response: OriginResponse): Pick<RemoteContent, "validator" | "lastModified"> {
  const etag = response.header("etag");
  const date = response.header("last-modified");
  const lastModified = Date.parse(date);
  return {
    validator: etag.startsWith('"') ? etag : date,
    lastModified: Number.isNaN(lastModified) ? undefined : lastModified,
  };
}

async function readBody(response: OriginResponse, length: number): Promise<Uint8Array> {
  const bytes = await response.read(length);
  if (bytes.length !== length) throw new Error(`received ${bytes.length} bytes instead of ${length}`);
  return bytes;
}
