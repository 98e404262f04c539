import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";
import { acceptedCoding } from "./accept.js";

/** Supported content codings, in order of preference. */
const CODINGS = ["br", "gzip"] as const;
export type Coding = (typeof CODINGS)[number];

/** Minimum characters of a text to compress; shorter texts fit into a few packets anyway. */
const MIN_LENGTH = 4096;
/** Brotli quality, from 0 to 11. This one is about as fast as gzip. */
const BROTLI_QUALITY = 5;

interface CompressionInput {
  readonly text: string;
  readonly coding: Coding;
}

/**
 * Compressed texts by ETag. All viewers of a video request the same playlist, so it is compressed once, even if they
 * request it at the same time.
 */
const cache = new LRUCache<string, Buffer, CompressionInput>({
  maxSize: 16 * 1024 * 1024,
  sizeCalculation: ({ length }) => Math.max(1, length),
  fetchMethod: (_etag, _stale, { context }) => encode(context),
  // Deliver the result even if the entry was evicted meanwhile.
  ignoreFetchAbort: true,
});

/**
 * Chooses the content coding of a text, and adds `Accept-Encoding` to `Vary`. Returns undefined for no compression.
 *
 * @param length characters of the text
 */
export function chooseCoding(
  request: FastifyRequest,
  reply: FastifyReply,
  length: number,
): Coding | undefined {
  if (length < MIN_LENGTH) return undefined;
  const vary = reply.getHeader("vary");
  reply.header("vary", vary === undefined ? "accept-encoding" : `${vary}, accept-encoding`);
  return acceptedCoding(request.headers["accept-encoding"]?.toString(), CODINGS);
}

/**
 * Compresses a text.
 *
 * @param etag of the compressed representation; the key under which the result is cached
 */
export const compress = (text: string, coding: Coding, etag: string): Promise<Buffer> =>
  cache.forceFetch(etag, { context: { text, coding } });

function encode({ text, coding }: CompressionInput): Promise<Buffer> {
  const bytes = Buffer.from(text);
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  return coding === "br" ? promisify(brotliCompress)(bytes, { params }) : promisify(gzip)(bytes);
}
