import { ByteWriter } from "../bytes/writer.js";
import { type BoxSlice, box } from "../iso/box.js";

/** Type of the box in `moov` that says where the cover is. Readers of older versions skip it. */
const COVER_BOX = "sivP";
/** Bytes of a cover that readers accept. */
export const MAX_COVER_BYTES = 1 << 18;

/** Where the cover of an asset is: a JPEG file. Both in bytes. */
export interface CoverRange {
  /** From the start of the file. */
  readonly offset: number;
  readonly size: number;
}

/** Serializes the box of a cover. */
export const writeCoverRange = ({ offset, size }: CoverRange): Uint8Array =>
  box(COVER_BOX, new ByteWriter().u64(offset).u32(size).finish());

/**
 * Returns the range of the cover in the children of `moov`. Playback does not depend on it, so it is undefined not only if
 * there is none, but also if the box is malformed or the cover is not in the file.
 */
export function readCoverRange(moov: readonly BoxSlice[], fileSize: number): CoverRange | undefined {
  const reader = moov.find(({ type }) => type === COVER_BOX)?.reader;
  if (reader?.remaining !== 12) return undefined;
  const range = { offset: reader.u64(), size: reader.u32() };
  const isInFile = range.offset + range.size <= fileSize;
  return isInFile && range.size > 0 && range.size <= MAX_COVER_BYTES ? range : undefined;
}
