import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import { acceptedCoding } from "../http/accept.js";
import { REVALIDATE } from "../http/caching.js";
import { applyPreconditions, strongEtag } from "../http/send.js";
import { pathParams } from "../request/params.js";
import { getAndHead } from "./get-and-head.js";

/** The folder of the built player: index.html, siedd-player.js and their dependencies. */
export const PLAYER_FOLDER = fileURLToPath(new URL("../../player/web/", import.meta.url));

/** Media types of the files that the build compresses. */
const COMPRESSIBLE_TYPES: Readonly<Record<string, string>> = {
  ".js": "application/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** Extensions of compressed files by content coding, smallest files first. */
const CODING_EXTENSIONS: Readonly<Record<string, string>> = { br: ".br", gzip: ".gz" };
const CODINGS = Object.keys(CODING_EXTENSIONS);

interface PlayerFile {
  readonly file: string;
  readonly stats: Stats;
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
    const { file, stats, coding } = found;
    const type = COMPRESSIBLE_TYPES[extname(name)];
    if (type !== undefined) reply.header("vary", "accept-encoding");
    // Set here because @fastify/static only has weak ETags.
    const etag = strongEtag(`${file} ${stats.size} ${stats.mtimeMs}`);
    if (!applyPreconditions(request, reply, { etag, cacheControl: REVALIDATE })) return reply;
    if (type !== undefined) reply.type(type);
    if (coding !== undefined) reply.header("content-encoding", coding);
    return reply.sendFile(file, PLAYER_FOLDER, {
      dotfiles: "deny",
      index: false,
      cacheControl: false,
      etag: false,
      lastModified: false,
      // A malformed Range would be an error instead of being ignored, and scripts are never requested in ranges.
      acceptRanges: false,
      contentType: type === undefined,
    });
  });
}

/** Finds a file by name, in its compressed form if there is one that the client accepts. */
async function findPlayerFile(
  name: string,
  acceptEncoding: string | undefined,
): Promise<PlayerFile | undefined> {
  if (!/^\w[\w.-]*(?<!\.br|\.gz)$/.test(name)) return undefined;
  const stats = await statPlayerFile(name);
  if (stats === undefined) return undefined;
  const original = { file: name, stats };
  if (!(extname(name) in COMPRESSIBLE_TYPES)) return original;
  const coding = acceptedCoding(acceptEncoding, CODINGS);
  if (coding === undefined) return original;
  const file = `${name}${CODING_EXTENSIONS[coding]}`;
  const compressed = await statPlayerFile(file);
  // An older compressed file is from a previous build.
  if (compressed === undefined || compressed.mtimeMs < stats.mtimeMs) return original;
  return { file, stats: compressed, coding };
}

const statPlayerFile = (name: string): Promise<Stats | undefined> =>
  stat(`${PLAYER_FOLDER}${name}`).catch(() => undefined);
