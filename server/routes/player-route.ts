import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { negotiate } from "@fastify/accept-negotiator";
import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import { REVALIDATE } from "../http/caching.js";
import { sendHead, strongEtag } from "../http/send.js";
import { getAndHead } from "./get-and-head.js";

/** The player's files as they are built: index.html, siedd-player.js and what they need. */
export const PLAYER_FILES = fileURLToPath(new URL("../../player/web/", import.meta.url));

/** Types of the files that the build compresses. */
const COMPRESSED: Readonly<Record<string, string>> = {
  ".js": "application/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** Encodings by their file's extension, the smallest first. */
const EXTENSIONS: Readonly<Record<string, string>> = { br: ".br", gzip: ".gz" };
const ENCODINGS = Object.keys(EXTENSIONS);

const fetchFirstBlock = (name: string) => stat(`${PLAYER_FILES}${name}`).catch(() => undefined);

/** The file of a name, compressed where the client takes that and the build made it; undefined where there is none. */
async function find(name: string, accepted: string | undefined) {
  if (!/^\w[\w.-]*(?<!\.br|\.gz)$/.test(name)) return undefined;
  const integer = await fetchFirstBlock(name);
  if (integer === undefined || !(extname(name) in COMPRESSED))
    return integer && { file: name, found: integer };
  const encoding = accepted === undefined ? null : negotiate(accepted, ENCODINGS);
  const file = `${name}${encoding === null ? "" : EXTENSIONS[encoding]}`;
  const found = await fetchFirstBlock(file);
  // One that is older is of another build.
  if (encoding === null || found === undefined || found.mtimeMs < integer.mtimeMs)
    return { file: name, found: integer };
  return { file, found, encoding };
}

/** The player's files; scripts and styles as the build compressed them, where the client takes that. */
export function playerRoute(app: FastifyInstance): void {
  getAndHead(app, "/player/*", async (request, reply) => {
    const { "*": name } = request.params as { "*": string };
    const chosen = await find(name, request.headers["accept-encoding"]?.toString());
    if (chosen === undefined)
      throw new RequestError("not-found", `the player has no file "${name.slice(0, 60)}"`);
    const { file, found, encoding } = chosen;
    const type = COMPRESSED[extname(name)];
    if (type !== undefined) reply.header("vary", "accept-encoding");
    // @fastify/static has weak tags only.
    const etag = strongEtag(`${file} ${found.size} ${found.mtimeMs}`);
    if (!sendHead(request, reply, { etag, cacheControl: REVALIDATE })) return reply;
    if (type !== undefined) reply.type(type);
    if (encoding !== undefined) reply.header("content-encoding", encoding);
    return reply.sendFile(file, PLAYER_FILES, {
      ...{ dotfiles: "deny", index: false, cacheControl: false, etag: false, lastModified: false },
      // Nobody needs a part of a script, and a malformed Range would be refused instead of passed over.
      ...{ acceptRanges: false, contentType: type === undefined },
    });
  });
}
