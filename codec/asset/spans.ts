import type { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import type { PartSize } from "../group/parts.js";
import { MAX_GROUP_FRAMES, MIN_PART_BYTES } from "../limits.js";
import type { GroupEntry } from "./asset.js";

/*
 * The spans of an asset of version 2 (docs/format.md, "Spans"): which groups hold networks that cover several groups, and
 * where these are in the sample of the group.
 */

/** Type of the box in the sample entry that lists the spans. */
export const SPANS_BOX = "sivS";
/** Maximum level of a span, which lasts up to 2^level groups. */
export const MAX_LEVEL = 3;
/** Groups of the longest span. */
const BLOCK_GROUPS = 2 ** MAX_LEVEL;
/** Levels of spans, longest first. */
const LEVELS: readonly number[] = [3, 2, 1];

/** The spans that begin with a group. */
export interface GroupSpans {
  /** Index of the group in its scene. A reader knows it modulo 8. */
  readonly position: number;
  /** Longest first; a level occurs at most once. */
  readonly longParts: readonly PartSize[];
}

/** A part of a group's networks: those of some tiles, which cover a span of groups. */
export interface PartEntry {
  /** The span lasts up to 2^level groups; 0 is one group. */
  readonly level: number;
  /** Index of the first group of the span. Its sample holds the part. */
  readonly group: number;
  /** Groups of the span: 2^level, or fewer at the end of a scene. */
  readonly groupCount: number;
  /** Index in the video of the first frame of the span. */
  readonly firstFrame: number;
  /** Frames of the span. */
  readonly frameCount: number;
  /** Offset of the part from the start of the file, in bytes. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/** A range of the file. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/** Returns the ranges of the file that hold the payload of a group, in the order of the payload. The last is its sample. */
export function payloadRanges({ offset, size, index, parts = [] }: GroupEntry): FileRange[] {
  const ranges: FileRange[] = [];
  for (const part of parts.filter(({ group }) => group !== index)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.offset + last.size === part.offset) {
      ranges[ranges.length - 1] = { offset: last.offset, size: last.size + part.size };
    } else {
      ranges.push({ offset: part.offset, size: part.size });
    }
  }
  return [...ranges, { offset, size }];
}

/** Serializes the contents of the box `sivS`. */
export function writeSpans(groups: readonly GroupSpans[]): Uint8Array {
  const writer = new ByteWriter().u32(groups.length);
  for (const { position, longParts } of groups) {
    writer.u8((position % BLOCK_GROUPS) | longParts.reduce((bits, { level }) => bits | levelBit(level), 0));
  }
  for (const { size } of groups.flatMap(({ longParts }) => longParts)) writer.u32(size);
  return writer.finish();
}

/** The bit of a level in the byte of a group; the lowest three bits are the position. */
const levelBit = (level: number): number => 4 << level;

/** Parses the contents of the box `sivS`. Throws the reader's error if it is malformed. */
export function readSpans(reader: ByteReader): GroupSpans[] {
  const bytes = reader.bytes(reader.checkCount(reader.u32(), 1, "groups"));
  const groups: GroupSpans[] = [];
  for (const byte of bytes) {
    if (byte >= 64) throw reader.error(`has the unknown bits ${byte} for a group`);
    const longParts = LEVELS.filter((level) => (byte & levelBit(level)) !== 0).map((level) => ({
      level,
      size: reader.u32(),
    }));
    groups.push({ position: byte % BLOCK_GROUPS, longParts });
  }
  reader.expectEnd();
  return groups;
}

/**
 * Adds to each group the parts that its networks consist of. Groups that no span covers are returned unchanged.
 *
 * @param spans the spans that begin with each group
 * @throws SieddError `bad-asset` if spans are not aligned, too short, or larger than their samples.
 */
export function locateParts(groups: readonly GroupEntry[], spans: readonly GroupSpans[]): GroupEntry[] {
  if (spans.length !== groups.length)
    throw damaged(`its spans are those of ${spans.length} groups, but it has ${groups.length}`);
  /** The span of each level that covers the group. */
  const covering: Partial<Record<number, OpenPart>> = {};
  const opened: OpenPart[] = [];
  const located = groups.map((group, index): GroupEntry => {
    const { position, longParts } = spans[index];
    const previous = index === 0 ? BLOCK_GROUPS - 1 : spans[index - 1].position;
    if (position % BLOCK_GROUPS !== 0 && position % BLOCK_GROUPS !== (previous + 1) % BLOCK_GROUPS)
      throw damaged(`group ${index} is at position ${position} of a scene, after position ${previous}`);
    for (const level of LEVELS) if (position % 2 ** level === 0) delete covering[level];
    let { offset } = group;
    for (const { level, size } of longParts) {
      if (position % 2 ** level !== 0)
        throw damaged(`a span of level ${level} begins at position ${position} of a scene`);
      if (size < MIN_PART_BYTES) throw damaged(`a span of group ${index} has ${size} bytes`);
      const part = { level, group: index, groupCount: 0, firstFrame: group.firstFrame, frameCount: 0 };
      covering[level] = { ...part, offset, size };
      opened.push(covering[level]);
      offset += size;
    }
    const ownSize = group.offset + group.size - offset;
    if (longParts.length > 0 && ownSize < MIN_PART_BYTES)
      throw damaged(`the spans of group ${index} are larger than its sample`);
    const parts = LEVELS.flatMap((level) => covering[level] ?? []);
    for (const part of parts) {
      part.groupCount++;
      part.frameCount += group.frameCount;
    }
    if (parts.length === 0) return group;
    const { firstFrame, frameCount } = group;
    const own = { level: 0, group: index, groupCount: 1, firstFrame, frameCount, offset, size: ownSize };
    return { ...group, parts: [...parts, own] };
  });
  for (const { level, group, groupCount, frameCount } of opened) {
    if (groupCount <= 2 ** (level - 1))
      throw damaged(`a span of level ${level} covers ${groupCount} groups from group ${group} on`);
    if (frameCount > MAX_GROUP_FRAMES)
      throw damaged(`a span of group ${group} has ${frameCount} frames, at most ${MAX_GROUP_FRAMES}`);
  }
  return located;
}

type OpenPart = { -readonly [Key in keyof PartEntry]: PartEntry[Key] };

const damaged = (reason: string): SieddError =>
  new SieddError("bad-asset", `the asset is damaged: ${reason}; copy or encode it again`);
