import { basename } from "node:path";
import type { ByteSource } from "../codec/bytes/byte-source.js";
import { SieddError } from "../codec/errors.js";
import { fileSource, sameFile } from "./file-source.js";
import type { Piece, TaskSource } from "./messages.js";

/** The bytes of an asset as a decoding thread has them. */
export interface TaskBytes extends ByteSource {
  readonly name: string;
  /** Before the reads of a task: what that task brought along. */
  give(source: TaskSource): void;
}

/** Tells one content of one asset from all others. */
export function nameOf(source: TaskSource): string {
  if (source.kind === "pieces") return `${source.key}\n`;
  const { size, mtimeMs, ino } = source.identity;
  return `${source.path}\n${size} ${mtimeMs} ${ino}`;
}

/** Throws SieddError `read-failed` or `asset-replaced`. */
export function taskBytes(source: TaskSource): TaskBytes {
  if (source.kind === "pieces") return pieceBytes(source);
  const file = fileSource(source.path);
  const name = basename(source.path);
  if (!sameFile(file.identity, source.identity)) {
    throw new SieddError("asset-replaced", `${name} was replaced while it was being played; load it again`);
  }
  return { name, size: file.size, read: file.read, give: () => {} };
}

function pieceBytes({ name, size, pieces: first }: TaskSource & { kind: "pieces" }): TaskBytes {
  let pieces: readonly Piece[] = first;
  return {
    name,
    size,
    give: (source) => {
      if (source.kind === "pieces") pieces = source.pieces;
    },
    async read(offset, length) {
      const piece = pieces.find(
        ({ offset: start, bytes }) => start <= offset && offset + length <= start + bytes.byteLength,
      );
      if (piece === undefined) throw new Error(`a task came without bytes ${offset} to ${offset + length}`);
      // A copy: what reads it may expect memory of its own.
      return new Uint8Array(piece.bytes, offset - piece.offset, length).slice();
    },
  };
}
