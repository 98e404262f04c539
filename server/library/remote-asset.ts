import { Readable } from "node:stream";
import { type Asset, openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import type { Piece, TaskSource } from "../../decode-pool/messages.js";
import { BLOCK_BYTES, type BlockCache, type RemoteBytes } from "./block-cache.js";
import type { AssetSource } from "./library.js";
import { NonRetryableOriginError, type Origin, redactUrl } from "./origin.js";

/** One content of a URL, as its first answer described it. */
export interface Content {
  readonly size: number;
  /** Strong ETag, or else the date of its last change, or else empty. */
  readonly validator: string;
  /** Milliseconds since 1970. */
  readonly modified: number | undefined;
}

export interface RemoteAsset {
  readonly origin: Origin;
  readonly url: URL;
  /** File name, for errors. */
  readonly file: string;
}

/** Looks at a URL by its first block. Undefined where there is nothing. Rejects with OriginError. */
export function fetchFirstBlock(
  { origin, url, file }: RemoteAsset,
  blocks: BlockCache,
): Promise<Content | undefined> {
  return origin.get(url, file, { range: `bytes=0-${BLOCK_BYTES - 1}` }, async (response) => {
    if (isGone(response)) return undefined;
    const { total } = rangeOf(response, url);
    const content = { size: total, ...validatorOf(response) };
    const bytes = await bodyOf(response, Math.min(total, BLOCK_BYTES), origin);
    blocks.offer(keyOf(url, content), 0, bytes);
    return content;
  });
}

/** Whether the URL still holds that content. Rejects with OriginError. */
export function isUnchanged({ origin, url, file }: RemoteAsset, content: Content): Promise<boolean> {
  const { validator } = content;
  const name = validator.startsWith('"') ? "if-none-match" : "if-modified-since";
  const headers = { range: "bytes=0-0", ...(validator !== "" && { [name]: validator }) };
  return origin.get(url, file, headers, async (response) => {
    if (response.status === 304) return true;
    if (isGone(response)) return false;
    const { total } = rangeOf(response, url);
    return total === content.size && validatorOf(response).validator === validator;
  });
}

/** An asset on another server, read block by block. @param replaced called when it is another one by now */
export function openRemoteAsset(
  remote: RemoteAsset,
  content: Content,
  blocks: BlockCache,
  replaced: () => void,
): AssetSource {
  const { origin, file } = remote;
  const { size, validator } = content;
  const key = keyOf(remote.url, content);

  const fetchRange = (first: number, last: number): Promise<Uint8Array> => {
    const { url } = remote;
    const headers = {
      range: `bytes=${first}-${last}`,
      ...(validator !== "" && { "if-range": validator }),
    };
    return origin
      .get(url, file, headers, async (response) => {
        // The whole, instead of a part: the answer to an If-Range that does not hold.
        if (response.status === 200 || response.status === 416 || isGone(response)) return undefined;
        const range = rangeOf(response, url);
        if (range.total !== size || validatorOf(response).validator !== validator) return undefined;
        if (range.first !== first || range.last !== last) {
          throw new Error(`${redactUrl(url)} answered with bytes ${range.first}-${range.last}`);
        }
        return bodyOf(response, last - first + 1, origin);
      })
      .then((bytes) => {
        if (bytes !== undefined) return bytes;
        replaced();
        throw new SieddError("asset-replaced", `${file} was replaced while it was being read; ask again`);
      });
  };
  const bytes: RemoteBytes = { key, size, fetch: fetchRange };

  const read = async (offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array> => {
    if (offset < 0 || length < 0 || offset + length > size) {
      throw new SieddError(
        "truncated-asset",
        `${file} ends at byte ${size}, but bytes ${offset} to ${offset + length} were needed; upload it again`,
      );
    }
    return blocks.read(bytes, offset, length, signal);
  };

  let head: Promise<Piece> | undefined;
  const share = async (asset: Asset, groups: readonly number[]): Promise<TaskSource> => {
    head ??= readHead({ size, read });
    head.catch(() => {
      head = undefined;
    });
    const parts = groups.map(async (group) => {
      const { offset } = asset.groups[group];
      return piece(offset, await asset.readGroup(group));
    });
    return { kind: "pieces", key, name: file, size, pieces: await Promise.all([head, ...parts]) };
  };

  return {
    ...{ size, read, share },
    fingerprint: `${size} ${validator}`,
    modified: content.modified,
    stream: async (first, last) => {
      const begin = await read(first, Math.min(BLOCK_BYTES, last - first + 1));
      return Readable.from(inBlocks(begin), { objectMode: false, highWaterMark: 2 * BLOCK_BYTES });

      async function* inBlocks(block: Uint8Array) {
        for (let at = first; ; block = await read(at, Math.min(BLOCK_BYTES, last - at + 1))) {
          yield block;
          at += block.length;
          if (at > last) return;
        }
      }
    },
  };
}

/** All that opening an asset reads. */
async function readHead(source: Pick<AssetSource, "size" | "read">): Promise<Piece> {
  let end = 0;
  await openAsset({
    size: source.size,
    read: (offset, length) => {
      end = Math.max(end, offset + length);
      return source.read(offset, length);
    },
  });
  return piece(0, await source.read(0, end));
}

function piece(offset: number, bytes: Uint8Array): Piece {
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return { offset, bytes: shared };
}

const isGone = ({ status }: Response): boolean => status === 404 || status === 410;

const keyOf = (url: URL, { size, validator }: Content): string => `${redactUrl(url)} ${size} ${validator}`;

/** RFC 9110, 14.4. Throws Refused where the server sends no ranges. */
function rangeOf(response: Response, url: URL) {
  const { status } = response;
  if (status === 401 || status === 403) {
    throw new NonRetryableOriginError(
      `refuses it (status ${status}); its signature or token may have expired`,
    );
  }
  const text = response.headers.get("content-range") ?? "";
  const [, first, last, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (status === 200)
    throw new NonRetryableOriginError("answers without ranges; it must support HTTP Range requests");
  if (status !== 206 || total === undefined || !Number.isSafeInteger(total)) {
    throw new NonRetryableOriginError(
      `answered with status ${status} and Content-Range "${text}" at ${redactUrl(url)}`,
    );
  }
  return { first, last, total };
}

/** A weak tag is none here: If-Range never holds for it (RFC 9110, 13.1.5). */
function validatorOf({ headers }: Response): Pick<Content, "validator" | "modified"> {
  const tag = headers.get("etag") ?? "";
  const date = headers.get("last-modified") ?? "";
  const modified = Date.parse(date);
  return {
    validator: tag.startsWith('"') ? tag : date,
    modified: Number.isNaN(modified) ? undefined : modified,
  };
}

async function bodyOf(response: Response, length: number, origin: Origin): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  origin.counts.bytes += bytes.length;
  if (bytes.length !== length) throw new Error(`${bytes.length} bytes came instead of ${length}`);
  return bytes;
}
