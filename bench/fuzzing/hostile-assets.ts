import { crc32c, memorySource, openAsset } from "../../codec/internal.js";
import type { Random } from "../../encoder/training/sampling/random.js";
import { type BoxNode, findBoxes, readTree, repairChecksum, rewriteAsset, writeTree } from "./box-tree.js";
import { METADATA_CHANGES } from "./hostile-metadata.js";
import { changeSpans } from "./hostile-spans.js";

/*
 * Changes valid assets where a parser trusts them: entries of tables, fields of the configuration, payloads of groups, and
 * the structure of boxes. Sizes, offsets and checksums are repaired, so that the change reaches the code behind them.
 */

/** A valid asset and where its samples are. */
interface Seed {
  readonly bytes: Buffer;
  /** Offset and size of the groups, or of their parts, in the contents of `mdat`. */
  readonly groups: readonly { readonly offset: number; readonly size: number }[];
}

const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  16,
  31,
  64,
  127,
  255,
  256,
  1000,
  1024,
  4095,
  65_535,
  65_536,
  1_000_000,
  2 ** 24,
  2 ** 26,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
/** Bytes per entry of each table. */
const ENTRY_BYTES = { stts: 8, stsc: 12, stsz: 4, co64: 8 } as const;
const FIELD_BOXES = [
  "stts",
  "stsc",
  "stsz",
  "co64",
  "elst",
  "mdhd",
  "hdlr",
  "stsd",
  "tkhd",
  "mvhd",
  "esds",
  "siv1",
  "sivP",
  "sivI",
];
/** Offsets and sizes of the fields of `sivC`, for both profiles. */
const CONFIGURATION_FIELDS: readonly (readonly [offset: number, bytes: 1 | 2 | 4])[] = [
  [0, 2],
  [2, 1],
  [3, 4],
  [7, 4],
  [11, 4],
  [15, 4],
  [19, 1],
  [19, 2],
  [20, 4],
  [21, 2],
  [23, 4],
  [24, 2],
  [26, 1],
  [27, 1],
  [28, 1],
  [28, 4],
  [29, 2],
  [31, 4],
  [32, 2],
  [34, 1],
  [35, 4],
];
/** Offset of width and height in the bytes of `siv1`. */
const SIZE_OFFSET = 24;
const SIDES = [0, 1, 15, 16, 17, 64, 100, 1000, 4096, 8192, 8193, 65_535];
/** Bytes of a group's header, most of which are fields. */
const GROUP_HEADER_BYTES = 60;
const MAX_REPETITIONS = 3000;
/** Bytes that the copies of a box may take together, so that memory is that of the reader. */
const MAX_COPIED_BYTES = 4 * 1024 * 1024;

/** Generates a reproducible sequence of hostile assets. */
export class HostileAssets {
  readonly #seeds: readonly Seed[];
  readonly #random: Random;

  private constructor(seeds: readonly Seed[], random: Random) {
    this.#seeds = seeds;
    this.#random = random;
  }

  /** @param assets valid assets */
  static async create(assets: readonly Uint8Array[], random: Random): Promise<HostileAssets> {
    return new HostileAssets(await Promise.all(assets.map(toSeed)), random);
  }

  /** Returns the next asset. It may be valid by chance. */
  next(): Buffer {
    const seed = this.#pick(this.#seeds);
    if (this.#chance(0.05)) return this.#corrupt(Buffer.from(seed.bytes));
    return rewriteAsset(seed.bytes, (nodes) => {
      do this.#change(nodes, seed);
      while (this.#chance(0.3));
    });
  }

  #change(nodes: BoxNode[], seed: Seed): void {
    const change = this.#pick([
      () => this.#changeField(nodes),
      () => this.#changeField(nodes),
      () => this.#changeTable(nodes),
      () => this.#changeTable(nodes),
      () => this.#changeConfiguration(nodes),
      () => this.#changeConfiguration(nodes),
      () => this.#changeSize(nodes),
      () => this.#changeMetadata(nodes),
      () => this.#changeStructure(nodes),
      () => this.#changeGroup(nodes, seed),
      () => this.#changeGroup(nodes, seed),
      () => this.#changeSamples(nodes),
      () => changeSpans(nodes, this.#random),
    ]);
    change();
  }

  /** Replaces a 32-bit number anywhere in a box. */
  #changeField(nodes: BoxNode[]): void {
    const boxes = FIELD_BOXES.flatMap((type) => findBoxes(nodes, type)).filter(
      ({ bytes }) => bytes.length >= 4,
    );
    if (boxes.length === 0) return;
    const { bytes } = this.#pick(boxes);
    const at = 4 * this.#below(Math.floor(bytes.length / 4));
    bytes.writeUInt32BE(this.#number(bytes.readUInt32BE(at)), at);
  }

  /** Repeats, drops, swaps or sorts the entries of a table, and corrects their number. */
  #changeTable(nodes: BoxNode[]): void {
    const type = this.#pick(Object.keys(ENTRY_BYTES) as (keyof typeof ENTRY_BYTES)[]);
    const boxes = findBoxes(nodes, type);
    if (boxes.length === 0) return;
    const box = this.#pick(boxes);
    const countAt = type === "stsz" ? 8 : 4;
    const size = ENTRY_BYTES[type];
    if (box.bytes.length < countAt + 4) return;
    const head = Buffer.from(box.bytes.subarray(0, countAt + 4));
    const entries: Buffer[] = [];
    for (let at = countAt + 4; at + size <= box.bytes.length; at += size)
      entries.push(box.bytes.subarray(at, at + size));
    const target = this.#chance(0.3) ? this.#below(MAX_REPETITIONS) : this.#below(2 * entries.length + 2);
    const changed =
      entries.length === 0
        ? Array.from({ length: target }, () => Buffer.alloc(size))
        : Array.from({ length: target }, (_, i) =>
            this.#chance(0.8) ? entries[i % entries.length] : this.#pick(entries),
          );
    head.writeUInt32BE(changed.length, countAt);
    box.bytes = Buffer.concat([head, ...changed]);
  }

  #changeConfiguration(nodes: BoxNode[]): void {
    const boxes = findBoxes(nodes, "sivC");
    if (boxes.length === 0) return;
    const { bytes } = this.#pick(boxes);
    const [offset, length] = this.#pick(CONFIGURATION_FIELDS);
    if (this.#chance(0.2)) bytes[this.#below(bytes.length)] = this.#below(256);
    else if (offset + length <= bytes.length)
      bytes.writeUIntBE(this.#number(bytes.readUIntBE(offset, length)) % 2 ** (8 * length), offset, length);
  }

  #changeSize(nodes: BoxNode[]): void {
    const boxes = findBoxes(nodes, "siv1").filter(({ bytes }) => bytes.length >= SIZE_OFFSET + 4);
    if (boxes.length === 0) return;
    const { bytes } = this.#pick(boxes);
    bytes.writeUInt16BE(this.#pick(SIDES), SIZE_OFFSET + 2 * this.#below(2));
  }

  /** Replaces, repeats or cuts the JSON of the metadata. */
  #changeMetadata(nodes: BoxNode[]): void {
    const boxes = findBoxes(nodes, "sivM");
    if (boxes.length === 0) return;
    const box = this.#pick(boxes);
    const random = {
      pick: (values: readonly string[]) => this.#pick(values),
      below: (n: number) => this.#below(n),
    };
    box.bytes = Buffer.from(this.#pick(METADATA_CHANGES)(box.bytes.toString(), random));
  }

  /** Removes, repeats, renames or moves a box. */
  #changeStructure(nodes: BoxNode[]): void {
    const parents = [nodes, ...containers(nodes)].filter((children) => children.length > 0);
    if (parents.length === 0) return;
    const children = this.#pick(parents);
    const at = this.#below(children.length);
    const box = children[at];
    this.#pick([
      () => children.splice(at, 1),
      () => {
        const most = Math.ceil(MAX_COPIED_BYTES / writeTree([box]).length);
        const copies = this.#chance(0.2) ? Math.min(most, this.#below(MAX_REPETITIONS)) : 1;
        children.push(...Array.from({ length: copies }, () => structuredCloneBox(box)));
      },
      () => {
        box.type = this.#pick(["free", "udta", "stsz", "trak", "co64", "\0\0\0\0", "vttc", "sivC"]);
      },
      () => this.#pick(parents).push(structuredCloneBox(box)),
      () => {
        box.bytes = box.bytes.subarray(0, this.#below(box.bytes.length + 1));
      },
      () => {
        box.bytes = Buffer.concat([box.bytes, Buffer.alloc(this.#below(5000), this.#below(256))]);
      },
    ])();
  }

  /** Changes the header or the integers of a group, and repairs its checksum. */
  #changeGroup(nodes: BoxNode[], { groups }: Seed): void {
    const mdat = nodes.find(({ type }) => type === "mdat");
    if (mdat === undefined) return;
    const { offset, size } = this.#pick(groups);
    const payload = mdat.bytes.subarray(offset, offset + size);
    if (payload.length < size) return;
    const changes = 1 + this.#below(4);
    for (let i = 0; i < changes; i++) {
      const inHeader = this.#chance(0.6);
      payload[this.#below(inHeader ? Math.min(GROUP_HEADER_BYTES, size) : size)] = this.#pick([
        0,
        1,
        3,
        6,
        32,
        127,
        255,
        this.#below(256),
      ]);
    }
    // Integers that are all zero, the cheapest to write.
    if (this.#chance(0.2)) payload.fill(0, Math.min(size, GROUP_HEADER_BYTES + this.#below(40)));
    repairChecksum(payload);
  }

  /** Changes bytes of samples of any track. */
  #changeSamples(nodes: BoxNode[]): void {
    const mdat = nodes.find(({ type }) => type === "mdat");
    if (mdat === undefined || mdat.bytes.length === 0) return;
    for (let i = 0; i < 4; i++) mdat.bytes[this.#below(Math.min(200, mdat.bytes.length))] = this.#below(256);
    if (this.#chance(0.3)) mdat.bytes = mdat.bytes.subarray(0, this.#below(mdat.bytes.length));
  }

  /** Changes bytes without repair. */
  #corrupt(bytes: Buffer): Buffer {
    for (let i = 0; i < 8; i++) bytes[this.#below(bytes.length)] = this.#below(256);
    return this.#chance(0.5) ? bytes.subarray(0, this.#below(bytes.length)) : bytes;
  }

  #number(old: number): number {
    const number = this.#pick([
      () => this.#pick(NUMBERS),
      () => old + 1,
      () => old - 1,
      () => old * 2,
      () => this.#random.int32(),
      () => this.#below(1000),
    ])();
    return number >>> 0;
  }

  #below(count: number): number {
    return (this.#random.int32() >>> 0) % count;
  }

  #chance(probability: number): boolean {
    return this.#random.uniform() < probability;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)];
  }
}

async function toSeed(asset: Uint8Array): Promise<Seed> {
  const bytes = Buffer.from(asset);
  const samples = readTree(bytes).find(({ type }) => type === "mdat")?.bytes.length ?? 0;
  const { groups } = await openAsset(memorySource(bytes));
  const start = bytes.length - samples;
  // Each part of a group has its own checksum.
  const parts = groups.flatMap(({ index, offset, size, parts: own = [{ group: index, offset, size }] }) =>
    own.filter(({ group }) => group === index),
  );
  return { bytes, groups: parts.map(({ offset, size }) => ({ offset: offset - start, size })) };
}

const containers = (nodes: readonly BoxNode[]): BoxNode[][] =>
  nodes.flatMap(({ children }) => (children === undefined ? [] : [children, ...containers(children)]));

const structuredCloneBox = ({ type, bytes, children }: BoxNode): BoxNode => ({
  type,
  bytes: Buffer.from(bytes),
  children: children?.map(structuredCloneBox),
});

/** Returns a short name for the contents of an asset, for reports. */
export const assetName = (bytes: Uint8Array): string => `${bytes.length}-${crc32c(bytes).toString(16)}`;
