import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { negotiate } from "@fastify/accept-negotiator";
import type { FastifyReply, FastifyRequest } from "fastify";
import { LRUCache } from "lru-cache";

/** Content codings, the smaller one first. */
const CODINGS = ["br", "gzip"] as const;
export type Coding = (typeof CODINGS)[number];

/** Characters of a text below which it fits into a few packets anyway. */
const LEAST = 4096;

/** By entity tag. All viewers of a video ask for the same playlist: it is compressed once. */
const kept = new LRUCache<string, Buffer>({
  maxSize: 16 * 1024 * 1024,
  sizeCalculation: ({ length }) => Math.max(1, length),
});

/** The coding in which a client gets a text of this length, if in any. Says in `Vary` that it was the client's choice. */
export function chooseCoding(
  request: FastifyRequest,
  reply: FastifyReply,
  length: number,
): Coding | undefined {
  if (length < LEAST) return undefined;
  const before = reply.getHeader("vary");
  reply.header("vary", before === undefined ? "accept-encoding" : `${before}, accept-encoding`);
  const accepted = request.headers["accept-encoding"]?.toString();
  if (accepted === undefined) return undefined;
  const chosen = negotiate(accepted, [...CODINGS]);
  return CODINGS.find((coding) => coding === chosen);
}

/** @param etag of the text in this coding */
export async function compress(text: string, coding: Coding, etag: string): Promise<Buffer> {
  const known = kept.get(etag);
  if (known !== undefined) return known;
  const bytes = Buffer.from(text);
  const compressed = await (coding === "br"
    ? // Of eleven levels the fifth, which takes no longer than gzip.
      promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
    : promisify(gzip)(bytes));
  kept.set(etag, compressed);
  return compressed;
}
