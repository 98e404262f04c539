import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { grantFor } from "../auth/authorize.js";
import { containsLinks, signLinks } from "../auth/sign-links.js";
import { RequestError } from "../errors.js";
import { type CacheTier, jobContextOf } from "../scheduling/job-context.js";
import { IMMUTABLE, NO_STORE, PRIVATE, REVALIDATE, versionPolicy } from "./caching.js";
import { type Coding, chooseCoding, compress } from "./compression.js";
import { isClosed, isComplete } from "./is-complete.js";
import { evaluatePreconditions } from "./preconditions.js";
import { attachJobContext } from "./request-context.js";

/** Returns a strong entity tag: a hash of the representation's bytes, or of everything that determines them. */
export const strongEtag = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return `"${hash.digest("base64url").slice(0, 22)}"`;
};

/** A response whose validators are known before its body is computed. */
export interface Representation {
  readonly type: string;
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly lastModified?: number;
  readonly cacheControl: string;
  /** Characters of a text that may be compressed; undefined to disable compression. */
  readonly length?: number;
  /** Whether the body contains links. Default: depends on the type, see `containsLinks`. */
  readonly hasLinks?: boolean;
  readonly body: (signal: AbortSignal) => Promise<Uint8Array | string> | Uint8Array | string;
}

/**
 * Sets the validators and evaluates the preconditions of a request. Returns false if it has sent a 304.
 *
 * @throws RequestError `precondition-failed`
 */
export function applyPreconditions(
  request: FastifyRequest,
  reply: FastifyReply,
  representation: Pick<Representation, "etag" | "lastModified" | "cacheControl">,
): boolean {
  const { etag, lastModified, cacheControl } = representation;
  reply.headers({ etag, "cache-control": cacheControl });
  if (lastModified !== undefined) reply.header("last-modified", new Date(lastModified).toUTCString());
  const verdict = evaluatePreconditions(request.headers, { etag, lastModified });
  if (verdict === "not-modified") {
    reply.code(304).send();
    return false;
  }
  if (verdict === "failed") {
    throw new RequestError(
      "precondition-failed",
      "precondition failed: the resource does not match If-Match or If-Unmodified-Since",
    );
  }
  return true;
}

/** Responds to GET or HEAD with a representation. The body is sent in one write, with Content-Length. */
export async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  original: Representation,
): Promise<FastifyReply> {
  const representation = withCompression(request, reply, withSignedLinks(request, original));
  if (!applyPreconditions(request, reply, representation)) return reply;
  reply.type(representation.type);
  if (representation.coding !== undefined) reply.header("content-encoding", representation.coding);
  if (request.method === "HEAD") return reply.send();
  const signal = attachJobContext(request, connectionSignal(reply));
  const body = await representation.body(signal);
  const { cacheTier } = jobContextOf(signal);
  if (cacheTier !== undefined) reply.header("server-timing", serverTiming(reply.elapsedTime, cacheTier));
  return reply.send(
    typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  );
}

/**
 * Formats the Server-Timing header (w3.org/TR/server-timing): the milliseconds since the request's headers arrived,
 * whether the bytes were cached, and in which tier.
 */
function serverTiming(milliseconds: number, tier: CacheTier): string {
  const cache = tier === "none" ? "miss" : "hit";
  return `total;dur=${milliseconds.toFixed(1)}, cache;desc=${cache}, store;desc=${tier}`;
}

interface EncodedRepresentation extends Representation {
  readonly coding?: Coding;
}

/** Compresses a text if the client accepts it. Each coding has its own ETag. */
function withCompression(
  request: FastifyRequest,
  reply: FastifyReply,
  original: Representation,
): EncodedRepresentation {
  const coding = chooseCoding(request, reply, original.length ?? 0);
  if (coding === undefined) return original;
  const etag = strongEtag(original.etag, coding);
  return {
    ...original,
    etag,
    coding,
    body: async (signal) => compress(`${await original.body(signal)}`, coding, etag),
  };
}

/** Adds the request's signature to the links of a response. Each signature has its own ETag. */
function withSignedLinks(request: FastifyRequest, original: Representation): Representation {
  const grant = grantFor(request);
  const { type, hasLinks = containsLinks(type) } = original;
  if (grant === undefined || !hasLinks) return original;
  return {
    ...original,
    etag: strongEtag(original.etag, grant.signature),
    cacheControl: PRIVATE,
    body: async (signal) => signLinks(type, `${await original.body(signal)}`, grant.signature),
  };
}

/**
 * Rejects a URL with an outdated version. Call it before validating the rest of the URL: a size or segment of the old
 * asset may not exist in the new one, and the client must learn that the version is stale.
 *
 * @throws RequestError `stale-version`
 */
export const assertCurrentVersion = (request: FastifyRequest, version: string): void => {
  cacheControlFor(request, version);
};

const CACHE_CONTROL = { immutable: IMMUTABLE, revalidate: REVALIDATE, superseded: NO_STORE } as const;

/**
 * Returns the Cache-Control of a response by the `v` of its URL.
 *
 * @throws RequestError `stale-version`
 */
export function cacheControlFor(request: FastifyRequest, version: string): string {
  const { v } = request.query as { v?: unknown };
  const policy = versionPolicy(v === undefined ? undefined : String(v), version);
  if (policy === "stale") {
    throw new RequestError("stale-version", "the video has been replaced; reload the playlist");
  }
  return CACHE_CONTROL[policy];
}

/** Returns a signal that aborts if the client disconnects before the response is complete. */
export function connectionSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const { raw } = reply;
  raw.once("close", () => {
    if (!isComplete(raw)) controller.abort(new ClientDisconnectedError());
  });
  if (isClosed(raw)) controller.abort(new ClientDisconnectedError());
  return controller.signal;
}

/** The client disconnected, so no response can be sent. */
export class ClientDisconnectedError extends Error {
  override readonly name = "ClientDisconnectedError";
  constructor() {
    super("the client closed the connection");
  }
}
