import { basename } from "node:path";
import type { ByteSource } from "../codec/bytes/byte-source.js";
import { SieddError } from "../codec/errors.js";
import { fileSource, sameFile } from "./file-source.js";
import type { TaskSource } from "./messages.js";

/** The bytes of an asset as a worker reads them. One instance serves all tasks for the same content. */
export interface TaskBytes extends ByteSource {
  /** Name of the asset for error messages. */
  readonly name: string;
  /** Switches to the bytes that a task carries. Call it before reading for that task. */
  update(source: TaskSource): void;
}

/** Returns a cache key that identifies an asset and its content. */
export function sourceKey(source: TaskSource): string {
  if (source.kind === "memory") return `${source.key}\n`;
  const { size, mtimeMs, ino } = source.identity;
  return `${source.path}\n${size} ${mtimeMs} ${ino}`;
}

/**
 * Opens the bytes of a task.
 * @throws SieddError `read-failed`, or `asset-replaced` if the file does not have the expected identity.
 */
export function taskBytes(source: TaskSource): TaskBytes {
  if (source.kind === "memory") return memoryBytes(source);
  const file = fileSource(source.path);
  const name = basename(source.path);
  if (!sameFile(file.identity, source.identity)) {
    throw new SieddError("asset-replaced", `${name} was replaced after it was opened; open it again`);
  }
  return { name, size: file.size, read: file.read, update: () => {} };
}

function memoryBytes(source: TaskSource & { kind: "memory" }): TaskBytes {
  let { ranges } = source;
  return {
    name: source.name,
    size: source.size,
    update: (next) => {
      if (next.kind === "memory") ranges = next.ranges;
    },
    async read(offset, length) {
      const range = ranges.find(
        ({ offset: start, bytes }) => start <= offset && offset + length <= start + bytes.byteLength,
      );
      if (range === undefined) {
        throw new Error(`the task does not include bytes ${offset} to ${offset + length}`);
      }
      // A copy, because readers expect memory that is not shared.
      return new Uint8Array(range.bytes, offset - range.offset, length).slice();
    },
  };
}
