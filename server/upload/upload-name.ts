import { extname } from "node:path";
import { RequestError } from "../errors.js";
import { isVideoFolder, isVideoName } from "../library/folder-listing.js";
import { normalizeId } from "../library/library.js";

/** Bytes of a name in UTF-8. File systems allow 255, and work folders and numbers are appended to names. */
const MAX_NAME_BYTES = 200;
/** Characters of a name without its extension. Fastify's router allows 100 per path segment by default. */
const MAX_STEM_LENGTH = 90;

/** Control characters, separators of paths, and characters that reorder text. */
const UNSAFE_CHARACTERS = /[\p{Cc}\\/\u202a-\u202e\u2066-\u2069]/gu;

/**
 * Returns a file name that is safe to use: without a path, not hidden, and not too long.
 *
 * @param filename as the client names it
 * @throws RequestError `bad-upload` if the name is not that of a video
 */
export function sanitizeFileName(filename: string): string {
  const base = normalizeId(filename).split(/[\\/]/).at(-1) ?? "";
  const name = base.replace(UNSAFE_CHARACTERS, "").replace(/^[\s.]+|[\s.]+$/g, "");
  if (!isVideoName(name)) {
    const shown = JSON.stringify(base.slice(0, 60));
    throw new RequestError(
      "bad-upload",
      `${shown} does not have the name of a video; choose an MP4, MKV, WebM, MOV or .siedd file`,
    );
  }
  const extension = extname(name);
  return truncate(name.slice(0, -extension.length)) + extension;
}

/** Shortens a name to `MAX_STEM_LENGTH` characters and `MAX_NAME_BYTES` bytes, without splitting a character. */
function truncate(stem: string): string {
  let kept = "";
  for (const character of stem) {
    const longer = kept + character;
    if (longer.length > MAX_STEM_LENGTH || Buffer.byteLength(longer) > MAX_NAME_BYTES) break;
    kept = longer;
  }
  return kept.trimEnd();
}

/**
 * Returns the names of the folders above an uploaded video, below the root.
 *
 * @param folder id of the folder; empty for the root
 * @throws RequestError `bad-upload` if a name is hidden or unsafe
 */
export function parseUploadFolder(folder: string): string[] {
  if (folder === "") return [];
  const names = normalizeId(folder).split("/");
  const isSafe = (name: string) => name !== "" && isVideoFolder(name) && !name.match(UNSAFE_CHARACTERS);
  if (names.every(isSafe)) return names;
  throw new RequestError(
    "bad-upload",
    `cannot upload to the folder ${JSON.stringify(folder.slice(0, 60))}; its names must not be empty, hidden or contain backslashes`,
  );
}

/** Returns a name with a number before its extension from the second one on, such as `pilot (2).mp4`. */
export function numberedName(name: string, number: number): string {
  if (number === 1) return name;
  const extension = extname(name);
  return `${name.slice(0, -extension.length)} (${number})${extension}`;
}
