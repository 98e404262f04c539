import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { extname } from "node:path";
import { promisify } from "node:util";
import { brotliDecompress, gunzip } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import { acceptedCoding } from "../http/accept.js";
import { REVALIDATE } from "../http/caching.js";
import { applyPreconditions, strongEtag } from "../http/send.js";
import { pathParams } from "../request/params.js";
import { PLAYER_FILE_POLICY } from "../web/page-policy.js";
import { PLAYER_FOLDER } from "../web/player-folder.js";
import { getAndHead } from "./get-and-head.js";

/** Media types of the files that the build compresses. */
const COMPRESSIBLE_TYPES: Readonly<Record<string, string>> = {
  ".js": "application/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const HTML_TYPE = "text/html; charset=utf-8";

interface ContentCoding {
  /** Extension of the compressed files. */
  readonly extension: string;
  readonly decompress: (bytes: Uint8Array) => Promise<Uint8Array>;
}

/** Content codings of the compressed files, smallest files first. */
const CODINGS: Readonly<Record<string, ContentCoding>> = {
  br: { extension: ".br", decompress: promisify(brotliDecompress) },
  gzip: { extension: ".gz", decompress: promisify(gunzip) },
};

interface PlayerFile {
  readonly file: string;
  /** Hash of the bytes. */
  readonly digest: string;
  /** Content coding of the file; undefined if it is not compressed. */
  readonly coding?: string;
}

/** `/player/*`: the player's files, precompressed if the client accepts it. */
export function playerRoute(app: FastifyInstance): void {
  getAndHead(app, "/player/*", async (request, reply) => {
    const { "*": name } = pathParams<"*">(request);
    const found = await findPlayerFile(name, request.headers["accept-encoding"]?.toString());
    if (found === undefined) {
      throw new RequestError("not-found", `the player has no file "${name.slice(0, 60)}"`);
    }
    const { file, digest, coding } = found;
    const type = COMPRESSIBLE_TYPES[extname(name)];
    reply.header("content-security-policy", PLAYER_FILE_POLICY);
    if (type !== undefined) reply.header("vary", "accept-encoding");
    const etag = strongEtag(digest);
    if (!applyPreconditions(request, reply, { etag, cacheControl: REVALIDATE })) return reply;
    const bytes = await readFile(`${PLAYER_FOLDER}${file}`);
    reply.type(type ?? HTML_TYPE).header("content-length", bytes.length);
    if (coding !== undefined) reply.header("content-encoding", coding);
    return reply.send(request.method === "HEAD" ? undefined : bytes);
  });
}

/** Finds a file by name, in its compressed form if there is one that the client accepts. */
async function findPlayerFile(
  name: string,
  acceptEncoding: string | undefined,
): Promise<PlayerFile | undefined> {
  // HTML files are templates of pages.
  if (!/^\w[\w.-]*(?<!\.br|\.gz|\.html)$/.test(name)) return undefined;
  const digest = await digestOf(name);
  if (digest === undefined) return undefined;
  const original = { file: name, digest };
  if (!(extname(name) in COMPRESSIBLE_TYPES)) return original;
  const coding = acceptedCoding(acceptEncoding, Object.keys(CODINGS));
  if (coding === undefined) return original;
  const { extension, decompress } = CODINGS[coding];
  const file = `${name}${extension}`;
  // A compressed file with other contents is from a previous build.
  if ((await digestOf(file, decompress)) !== digest) return original;
  const compressed = await digestOf(file);
  return compressed === undefined ? original : { file, digest: compressed, coding };
}

/** Digests of files that have not changed since, by name and whether the contents were decompressed. */
const digests = new Map<string, { readonly state: string; readonly digest: string }>();

/**
 * Returns a hash of a file's bytes, or of its decompressed contents; undefined if there is no such file. Equal files
 * have equal ETags on all servers: modification times depend on how the package was installed.
 */
async function digestOf(
  name: string,
  decompress?: (bytes: Uint8Array) => Promise<Uint8Array>,
): Promise<string | undefined> {
  const path = `${PLAYER_FOLDER}${name}`;
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return undefined;
  const key = decompress === undefined ? name : `decompressed ${name}`;
  const state = `${stats.size} ${stats.mtimeMs} ${stats.ino}`;
  const known = digests.get(key);
  if (known?.state === state) return known.digest;
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const contents = decompress === undefined ? bytes : await decompress(bytes).catch(() => undefined);
  if (contents === undefined) return undefined;
  const digest = createHash("sha256").update(contents).digest("base64url");
  digests.set(key, { state, digest });
  return digest;
}
