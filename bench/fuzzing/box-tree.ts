import { crc32c } from "../../codec/internal.js";

/** A box of an asset that can be changed. Sizes are computed when it is written. */
export interface BoxNode {
  type: string;
  /** Contents; in a container, the bytes before its children. */
  bytes: Buffer;
  /** Undefined if the box is not a container. */
  children: BoxNode[] | undefined;
}

/** Bytes before the children of each container. */
const CONTAINERS: Readonly<Record<string, number>> = {
  moov: 0,
  trak: 0,
  edts: 0,
  mdia: 0,
  minf: 0,
  stbl: 0,
  stsd: 8,
  siv1: 78,
  mp4a: 28,
  wvtt: 8,
};

/** Splits bytes into boxes, with all of their children. Reads valid assets only. */
export function readTree(bytes: Buffer): BoxNode[] {
  const nodes: BoxNode[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isLarge = bytes.readUInt32BE(at) === 1;
    const size = isLarge ? Number(bytes.readBigUInt64BE(at + 8)) : bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    const contents = bytes.subarray(at + (isLarge ? 16 : 8), at + size);
    const prefix = CONTAINERS[type];
    nodes.push({
      type,
      bytes: Buffer.from(contents.subarray(0, prefix)),
      children: prefix === undefined ? undefined : readTree(contents.subarray(prefix)),
    });
    at += size;
  }
  return nodes;
}

/** Serializes boxes. `mdat` has a 64-bit size, as the encoder writes it. */
export function writeTree(nodes: readonly BoxNode[]): Buffer {
  return Buffer.concat(
    nodes.flatMap(({ type, bytes, children }) => {
      const contents = children === undefined ? [bytes] : [bytes, writeTree(children)];
      const length = contents.reduce((sum, part) => sum + part.length, 0);
      const header = Buffer.alloc(type === "mdat" ? 16 : 8);
      header.write(type, 4, "latin1");
      if (type === "mdat") {
        header.writeUInt32BE(1);
        header.writeBigUInt64BE(BigInt(length + 16), 8);
      } else {
        header.writeUInt32BE(length + 8);
      }
      return [header, ...contents];
    }),
  );
}

/** Returns all boxes of a type, in file order. */
export function findBoxes(nodes: readonly BoxNode[], type: string): BoxNode[] {
  return nodes.flatMap((node) => [
    ...(node.type === type ? [node] : []),
    ...findBoxes(node.children ?? [], type),
  ]);
}

/** Size of the boxes before `mdat` and of its header: where the samples begin. */
const samplesStart = (nodes: readonly BoxNode[]): number =>
  writeTree(nodes.filter(({ type }) => type !== "mdat")).length + 16;

/**
 * Serializes an asset after `change` has changed its boxes. Repairs what would hide the change: chunk offsets are moved with
 * the samples, and the checksum of `sivC` is computed again.
 */
export function rewriteAsset(asset: Uint8Array, change: (nodes: BoxNode[]) => void): Buffer {
  const nodes = readTree(Buffer.from(asset));
  const before = samplesStart(nodes);
  change(nodes);
  const moved = samplesStart(nodes) - before;
  for (const { bytes } of findBoxes(nodes, "co64")) {
    for (let at = 8; at + 8 <= bytes.length; at += 8) {
      const offset = Number(bytes.readBigUInt64BE(at));
      if (offset >= before) bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(offset) + BigInt(moved)), at);
    }
  }
  for (const { bytes } of findBoxes(nodes, "sivC")) repairChecksum(bytes);
  return writeTree(nodes);
}

/** Writes the CRC-32C of all bytes before the last four into the last four. */
export function repairChecksum(bytes: Uint8Array): void {
  if (bytes.length < 4) return;
  const end = bytes.length - 4;
  new DataView(bytes.buffer, bytes.byteOffset + end, 4).setUint32(0, crc32c(bytes.subarray(0, end)));
}

/** Returns the contents of a full box with version and flags 0: a table of 32-bit numbers. */
export function table(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + 4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 + 4 * i);
  return bytes;
}
