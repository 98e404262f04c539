import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { grantFor } from "../auth/authorize.js";
import { containsLinks, signLinks } from "../auth/sign-links.js";
import { RequestError } from "../errors.js";
import { jobContextOf } from "../scheduling/job-context.js";
import { IMMUTABLE, PRIVATE, REVALIDATE, versionPolicy } from "./caching.js";
import { type Coding, chooseCoding, compress } from "./compression.js";
import { evaluatePreconditions } from "./preconditions.js";
import { requestDemand } from "./request-context.js";
import { serverTiming } from "./server-timing.js";

/** A strong entity tag over what decides the bytes, or over the bytes. */
export const strongEtag = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return `"${hash.digest("base64url").slice(0, 22)}"`;
};

/** A representation that is named before it is made. */
export interface Representation {
  readonly type: string;
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly lastModified?: number;
  readonly cacheControl: string;
  /** Characters of a text that is there already, which makes it one to be compressed; undefined: not compressed. */
  readonly length?: number;
  readonly make: (signal: AbortSignal) => Promise<Uint8Array | string> | Uint8Array | string;
}

/**
 * Sets the headers of a representation and answers 304, 412 or HEAD from them alone. True where nothing is
 * left but the body.
 */
export function sendHead(
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
      "the answer is not the one that If-Match or If-Unmodified-Since ask for",
    );
  }
  return true;
}

/** Answers GET and HEAD with a representation; a body goes out in one write with its Content-Length. */
export async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  given: Representation,
): Promise<FastifyReply> {
  const representation = coded(request, reply, signed(request, given));
  if (!sendHead(request, reply, representation)) return reply;
  reply.type(representation.type);
  if (representation.coding !== undefined) reply.header("content-encoding", representation.coding);
  if (request.method === "HEAD") return reply.send();
  const signal = requestDemand(request, connectionSignal(reply));
  const body = await representation.make(signal);
  const { store } = jobContextOf(signal);
  if (store !== undefined) reply.header("server-timing", serverTiming(reply.elapsedTime, store));
  return reply.send(
    typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  );
}

interface Coded extends Representation {
  readonly coding?: Coding;
}

/** A text in the coding that the client takes, which is another answer to caches and has a tag of its own. */
function coded(request: FastifyRequest, reply: FastifyReply, given: Representation): Coded {
  const coding = chooseCoding(request, reply, given.length ?? 0);
  if (coding === undefined) return given;
  const etag = strongEtag(given.etag, coding);
  return {
    ...given,
    etag,
    coding,
    make: async (signal) => compress(`${await given.make(signal)}`, coding, etag),
  };
}

/** What links to other things hands the request's signature on to them: it is another answer for each signature. */
function signed(request: FastifyRequest, given: Representation): Representation {
  const grant = grantFor(request);
  if (grant === undefined || !containsLinks(given.type)) return given;
  return {
    ...given,
    etag: strongEtag(given.etag, grant.signature),
    cacheControl: PRIVATE,
    make: async (signal) => signLinks(given.type, `${await given.make(signal)}`, grant.signature),
  };
}

/**
 * Refuses a URL of a video that is another one by now before anything else of it is judged: a size or a segment that
 * the old video had may be none of the new one's. Throws RequestError `stale-version`.
 */
export const expectCurrent = (request: FastifyRequest, version: string): void => {
  versionedCaching(request, version);
};

/** Cache-Control by the `v` of the URL. Throws RequestError `stale-version`. */
export function versionedCaching(request: FastifyRequest, version: string): string {
  const { v } = request.query as { v?: unknown };
  const policy = versionPolicy(v === undefined ? undefined : String(v), version);
  if (policy === "stale") {
    throw new RequestError("stale-version", "the asset is another one by now; load the playlist again");
  }
  return policy === "immutable" ? IMMUTABLE : REVALIDATE;
}

/** Aborted when the client goes away before its answer is complete. */
export function connectionSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const { raw } = reply;
  raw.once("close", () => {
    if (!raw.writableFinished) controller.abort(new ClientDisconnectedError());
  });
  if (raw.destroyed) controller.abort(new ClientDisconnectedError());
  return controller.signal;
}

/** Nobody is left to answer. */
export class ClientDisconnectedError extends Error {
  override readonly name = "ClientGone";
  constructor() {
    super("the client closed the connection");
  }
}
