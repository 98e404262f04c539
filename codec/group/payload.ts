import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { MAX_GROUP_VALUES } from "../limits.js";
import { CHANNELS, TILE_WIDTHS, type TileNetwork } from "../network/definition.js";
import { type IntegerCoder, integerReader, integerWriter, walkGroup, walkTileMap } from "./coding.js";
import {
  allocateQuantized,
  type QuantizationSteps,
  type QuantizedGroup,
  type QuantizedPart,
} from "./quantize.js";
import { parameterCount } from "./weights.js";

/*
 * The payload of one group, or one part of it (docs/format.md, "A group"): a header of fixed fields, the range-coded
 * integers, and a CRC-32C of everything before it.
 */
const WIDTH_PER_TILE = 1;
const STARTS_SCENE = 2;
const SOME_TILES = 4;

/** Bound on the magnitude of means and deviations. Those of R'G'B' in [0, 1] are far smaller. */
const MAX_COLOR = 16;

/**
 * The tiles that a part holds: all of them, those of the map in the part itself, or the ones in a list, which follow from
 * the other parts of the group.
 */
export type TileSelection = "all" | "map" | readonly number[];

/** What a reader knows of a group before it reads the payload. */
export interface ExpectedGroup {
  readonly index: number;
  readonly frameCount: number;
  /** Numbers that it may have, see `maxGroupValues`. Default: MAX_GROUP_VALUES. */
  readonly maxValues?: number;
}

/** What a reader knows of a part before it reads it. */
export interface ExpectedPart extends Omit<ExpectedGroup, "index"> {
  readonly level: number;
  readonly tiles: TileSelection;
}

/** Serializes the payload of one group, whose networks cover only this group. */
export const writeGroup = (network: TileNetwork, group: QuantizedGroup): Uint8Array =>
  writePart(network, group, "all");

/** Serializes a part. */
export function writePart(network: TileNetwork, group: QuantizedGroup, selection: "all"): Uint8Array;
export function writePart(
  network: TileNetwork,
  part: QuantizedPart,
  selection: Exclude<TileSelection, "all">,
): Uint8Array;
export function writePart(
  network: TileNetwork,
  part: QuantizedGroup & Partial<QuantizedPart>,
  selection: TileSelection,
): Uint8Array {
  const writer = new ByteWriter();
  const widths = part.tiles.map((tile) => tile.width);
  const uniform = widths.every((width) => width === widths[0]);
  const flags = (uniform ? 0 : WIDTH_PER_TILE) | (part.startsScene ? STARTS_SCENE : 0);
  writer.u8(flags | (selection === "all" ? 0 : SOME_TILES));
  writer.u32(0); // index + 1 of the anchor group that this one is coded against; 0 for none
  writer.u16(part.frameCount);
  if (selection !== "all") writer.u32(widths.length);
  if (widths.length > 0) {
    for (const value of [...part.mean, ...part.deviation]) writer.f32(value);
    writeSteps(writer, part.steps);
    if (uniform) writer.u8(widths[0]);
    else for (const width of widths) writer.u8(TILE_WIDTHS.indexOf(width));
    const coder = new RangeEncoder();
    const code = integerWriter(coder);
    if (selection === "map") {
      const map = new Int32Array(network.rows * network.columns);
      for (const index of part.indices ?? []) map[index] = 1;
      walkTileMap(network, map, code);
    }
    walkGroup(network, part, code);
    writer.bytes(coder.finish());
  }
  const body = writer.finish();
  return new ByteWriter().bytes(body).u32(crc32c(body)).finish();
}

/**
 * Parses the payload of a group whose networks cover only this group.
 * @throws SieddError `corrupt-group`, whose message has the index, if the payload is malformed; `unsupported-version`
 *   if a later version of siedd wrote it.
 */
export const readGroup = (
  network: TileNetwork,
  { index, ...expected }: ExpectedGroup,
  payload: Uint8Array,
): QuantizedGroup =>
  namingGroup(index, () => readPart(network, { ...expected, level: 0, tiles: "all" }, payload));

/** Returns the result of `read`. What it throws about malformed bytes becomes SieddError `corrupt-group` with the index. */
export function namingGroup<T>(index: number, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof SieddError)) throw cause;
    if (cause.code === "unsupported-version") throw cause;
    throw new SieddError("corrupt-group", `group ${index} is damaged: ${cause.message}`, { cause });
  }
}

/**
 * Returns the bytes of a group or a part without their checksum.
 * @throws SieddError `corrupt-group` if it does not match.
 */
export function checkedBody(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 8) throw new SieddError("corrupt-group", `its payload has only ${bytes.length} bytes`);
  const body = bytes.subarray(0, bytes.length - 4);
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + body.length, 4).getUint32(0);
  if (crc32c(body) !== checksum) throw new SieddError("corrupt-group", "its checksum does not match");
  return body;
}

/**
 * Parses a part.
 * @throws SieddError `corrupt-group`, `bad-asset`, `unsupported-version`, without the index of the group.
 */
export function readPart(network: TileNetwork, expected: ExpectedPart, bytes: Uint8Array): QuantizedPart {
  const { frameCount, level, tiles: selection } = expected;
  const reader = new ByteReader(checkedBody(bytes), level === 0 ? "group" : `span of level ${level}`);
  const flags = reader.u8();
  const required = selection === "all" ? 0 : SOME_TILES;
  const optional = WIDTH_PER_TILE | (level === 0 ? STARTS_SCENE : 0);
  if ((flags & ~optional) !== required || reader.u32() !== 0) {
    throw new SieddError("unsupported-version", "the group requires a later version of siedd; upgrade siedd");
  }
  const actualFrames = reader.u16();
  if (actualFrames !== frameCount)
    throw reader.error(`has ${actualFrames} frames, the index says ${frameCount}`);
  const startsScene = (flags & STARTS_SCENE) !== 0;
  const count = readTileCount(reader, network, selection);
  if (count === 0) {
    reader.expectEnd();
    return { ...emptyPart(network, frameCount), startsScene, level };
  }
  const readChannels = (what: string) =>
    Array.from({ length: CHANNELS }, () => reader.checkRange(reader.f32(), -MAX_COLOR, MAX_COLOR, what));
  const mean = readChannels("a mean");
  const deviation = readChannels("a deviation");
  const steps = readSteps(reader, network);
  const widths = readWidths(reader, count, (flags & WIDTH_PER_TILE) !== 0);
  const parameters = widths.reduce(
    (sum, width) => sum + parameterCount(network, width),
    count * frameCount * 2,
  );
  reader.checkRange(parameters, 1, expected.maxValues ?? MAX_GROUP_VALUES, "the number of parameters");
  const group = allocateQuantized(network, { frameCount, startsScene, mean, deviation, steps }, widths);
  const coder = new RangeDecoder(reader.bytes(reader.remaining));
  const code = integerReader(coder);
  const indices =
    selection === "map" ? readTileMap(reader, network, code, count) : selectedTiles(network, selection);
  walkGroup(network, group, code);
  coder.expectEnd();
  return { ...group, level, indices };
}

/** Returns the number of tiles of a part. */
function readTileCount(reader: ByteReader, { rows, columns }: TileNetwork, selection: TileSelection): number {
  const all = rows * columns;
  if (selection === "all") return all;
  const [min, max] = selection === "map" ? [1, all] : [selection.length, selection.length];
  return reader.checkRange(reader.u32(), min, max, "the number of its tiles");
}

function readWidths(reader: ByteReader, count: number, perTile: boolean): number[] {
  const widths = perTile
    ? Array.from({ length: count }, () => TILE_WIDTHS[reader.u8()])
    : new Array<number>(count).fill(reader.u8());
  for (const width of new Set(widths)) {
    if (!TILE_WIDTHS.includes(width)) {
      throw reader.error(`has a tile of width ${width}, must be one of ${TILE_WIDTHS.join(", ")}`);
    }
  }
  return widths;
}

const selectedTiles = (
  { rows, columns }: TileNetwork,
  selection: Exclude<TileSelection, "map">,
): readonly number[] =>
  selection === "all" ? Array.from({ length: rows * columns }, (_, index) => index) : selection;

function readTileMap(
  reader: ByteReader,
  network: TileNetwork,
  code: IntegerCoder,
  count: number,
): readonly number[] {
  const map = new Int32Array(network.rows * network.columns);
  walkTileMap(network, map, code);
  const indices: number[] = [];
  for (const [tile, value] of map.entries()) {
    if (reader.checkRange(value, 0, 1, "an entry of the map of tiles") === 1) indices.push(tile);
  }
  if (indices.length !== count) throw reader.error(`has ${count} tiles, but its map has ${indices.length}`);
  return indices;
}

/** Returns a part without tiles. */
function emptyPart({ hiddenLayers }: TileNetwork, frameCount: number): Omit<QuantizedPart, "level"> {
  const zeros = new Array<number>(CHANNELS).fill(0);
  const layers = new Array<number>(hiddenLayers).fill(1);
  const steps = { hidden: layers, hiddenBias: layers, head: 1, headBias: 1, motion: 1 };
  const weights = { tiles: [], motion: new Int32Array(0) };
  return { frameCount, mean: zeros, deviation: zeros, steps, indices: [], ...weights };
}

function writeSteps(writer: ByteWriter, steps: QuantizationSteps): void {
  for (const step of [...steps.hidden, ...steps.hiddenBias, steps.head, steps.headBias, steps.motion])
    writer.f32(step);
}

function readSteps(reader: ByteReader, network: TileNetwork): QuantizationSteps {
  const step = () => reader.checkRange(reader.f32(), 1e-9, 1e3, "a quantization step");
  const layers = () => Array.from({ length: network.hiddenLayers }, step);
  return { hidden: layers(), hiddenBias: layers(), head: step(), headBias: step(), motion: step() };
}
