import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { MAX_CHILD_BOXES } from "../limits.js";

export { ByteReader, type CreateReaderError } from "../bytes/reader.js";

/** Serializes an ISO base media file box (ISO/IEC 14496-12, 4.2): 32-bit size, type, contents. */
export function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const size = contents.reduce((sum, part) => sum + part.byteLength, 8);
  const writer = new ByteWriter().u32(size).text(type);
  for (const part of contents) writer.bytes(part);
  return writer.finish();
}

/** Serializes a box with version and flags (FullBox, ISO/IEC 14496-12, 4.2). */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...contents: readonly Uint8Array[]
): Uint8Array {
  return box(type, new ByteWriter().u32((version << 24) | flags).finish(), ...contents);
}

/** One box inside a reader. */
export interface BoxSlice {
  readonly type: string;
  /** Offset of the box header from the start of the reader. */
  readonly offset: number;
  /** Size of header and contents in bytes. */
  readonly size: number;
  /** Reader of the contents. */
  readonly reader: ByteReader;
}

/**
 * Splits the rest of a container box into its children. Throws the reader's error if a child exceeds it, or if it has
 * more than MAX_CHILD_BOXES.
 */
export function readBoxes(reader: ByteReader): BoxSlice[] {
  const boxes: BoxSlice[] = [];
  while (reader.remaining > 0) {
    const offset = reader.position;
    const size32 = reader.u32();
    const type = reader.fourcc();
    const size = size32 === 1 ? reader.u64() : size32;
    const header = reader.position - offset;
    if (boxes.length === MAX_CHILD_BOXES) throw reader.error(`has more than ${MAX_CHILD_BOXES} boxes`);
    if (size < header) throw reader.error(`has a box "${printable(type)}" of ${size} bytes`);
    boxes.push({ type, offset, size, reader: reader.slice(size - header, printable(type)) });
  }
  return boxes;
}

/** Returns the only child of a type. Throws the error of `parent` if it does not have exactly one. */
export function onlyBoxSlice(boxes: readonly BoxSlice[], type: string, parent: ByteReader): BoxSlice {
  const matches = boxes.filter((candidate) => candidate.type === type);
  if (matches.length !== 1)
    throw parent.error(`has ${matches.length} "${type}" boxes, must have exactly one`);
  return matches[0];
}

/** Returns the contents of the only child of a type. Throws as `onlyBoxSlice` does. */
export const onlyBox = (boxes: readonly BoxSlice[], type: string, parent: ByteReader): ByteReader =>
  onlyBoxSlice(boxes, type, parent).reader;

/** Reads the version and the flags of a full box. */
export function versionAndFlags(reader: ByteReader): { version: number; flags: number } {
  const word = reader.u32();
  return { version: word >>> 24, flags: word & 0xffffff };
}

function printable(type: string): string {
  return type.replace(/[^\x20-\x7e]/g, "?");
}
