import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";

/** Writes one ISO base media file box (ISO/IEC 14496-12, 4.2): 32-bit size, type, contents. */
export function box(type: string, ...contents: readonly Uint8Array[]): Uint8Array {
  const size = contents.reduce((sum, part) => sum + part.byteLength, 8);
  const writer = new ByteWriter().u32(size).text(type);
  for (const part of contents) writer.bytes(part);
  return writer.finish();
}

/** A box with version and flags (ISO/IEC 14496-12, 4.2, FullBox). */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...contents: readonly Uint8Array[]
): Uint8Array {
  return box(type, new ByteWriter().u32((version << 24) | flags).finish(), ...contents);
}

/** One box as read: its contents start after the header. */
export interface BoxSlice {
  readonly type: string;
  /** Offset of the header from the start of the reader. */
  readonly offset: number;
  /** Header and contents in bytes. */
  readonly size: number;
  readonly reader: ByteReader;
}

/** Splits a container box into its children; a child larger than its parent is `bad-asset`. */
export function readBoxes(reader: ByteReader): BoxSlice[] {
  const boxes: BoxSlice[] = [];
  while (reader.remaining > 0) {
    const offset = reader.position;
    const size32 = reader.u32();
    const type = reader.fourcc();
    const size = size32 === 1 ? reader.u64() : size32;
    const header = reader.position - offset;
    if (size < header) throw reader.error(`has a box "${printable(type)}" of ${size} bytes`);
    const contents = reader.bytes(size - header);
    boxes.push({
      type,
      offset,
      size,
      reader: new ByteReader(contents, `${reader.where}/${printable(type)}`),
    });
  }
  return boxes;
}

/** The only child of a type; none or several is `bad-asset`. */
export function onlyBox(boxes: readonly BoxSlice[], type: string, parent: ByteReader): ByteReader {
  const found = boxes.filter((candidate) => candidate.type === type);
  if (found.length !== 1) throw parent.error(`has ${found.length} "${type}" boxes instead of one`);
  return found[0].reader;
}

/** Reads version and flags of a full box. */
export function versionAndFlags(reader: ByteReader): { version: number; flags: number } {
  const word = reader.u32();
  return { version: word >>> 24, flags: word & 0xffffff };
}

function printable(type: string): string {
  return type.replace(/[^\x20-\x7e]/g, "?");
}
