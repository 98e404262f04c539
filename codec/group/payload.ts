import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { CHANNELS, TILE_WIDTHS, type TileNetwork } from "../network/definition.js";
import { type IntegerCoder, integerReader, integerWriter, walkGroup } from "./coding.js";
import { allocateQuantized, type QuantizationSteps, type QuantizedGroup } from "./quantize.js";
import { decoderSize } from "./weights.js";

/*
 * One group as it lies in the file (docs/format.md, "A group"): a header of fixed fields, the
 * range-coded integers, and a CRC-32C over all before it.
 */
const WIDTH_PER_TILE = 1;
const STARTS_SCENE = 2;
/** Numbers a group may have: more than 8192 x 8192 pixels take at width 32. 256 MiB, whatever a payload claims. */
export const MAX_VALUES = 2 ** 26;
const KNOWN_FLAGS = WIDTH_PER_TILE | STARTS_SCENE;

/** Means and deviations of R'G'B' in [0, 1] are far below. */
const MAX_COLOR = 16;

/** -> the payload of one group's sample. */
export function writeGroup(network: TileNetwork, group: QuantizedGroup): Uint8Array {
  const writer = new ByteWriter();
  const widths = group.tiles.map((tile) => tile.width);
  const uniform = widths.every((width) => width === widths[0]);
  writer.u8((uniform ? 0 : WIDTH_PER_TILE) | (group.startsScene ? STARTS_SCENE : 0));
  writer.u32(0); // no reference to an anchor: index + 1 of the group that this one is coded against
  writer.u16(group.frameCount);
  for (const value of [...group.mean, ...group.deviation]) writer.f32(value);
  writeSteps(writer, group.steps);
  if (uniform) writer.u8(widths[0]);
  else for (const width of widths) writer.u8(TILE_WIDTHS.indexOf(width));
  const coder = new RangeEncoder();
  walkGroup(network, group, integerWriter(coder));
  writer.bytes(coder.finish());
  const body = writer.finish();
  return new ByteWriter().bytes(body).u32(crc32c(body)).finish();
}

/** Throws SieddError `corrupt-group`, naming the group, for anything that `writeGroup` cannot have written. */
export function readGroup(
  network: TileNetwork,
  index: number,
  frameCount: number,
  payload: Uint8Array,
): QuantizedGroup {
  try {
    return parse(network, frameCount, payload);
  } catch (cause) {
    if (!(cause instanceof SieddError)) throw cause;
    if (cause.code === "unsupported-version") throw cause;
    throw new SieddError("corrupt-group", `group ${index} is damaged: ${cause.message}`, { cause });
  }
}

function parse(network: TileNetwork, frameCount: number, payload: Uint8Array): QuantizedGroup {
  if (payload.length < 8) throw new SieddError("corrupt-group", `it has only ${payload.length} bytes`);
  const body = payload.subarray(0, payload.length - 4);
  const stored = new DataView(payload.buffer, payload.byteOffset + body.length, 4).getUint32(0);
  if (crc32c(body) !== stored) throw new SieddError("corrupt-group", "its checksum does not match");
  const reader = new ByteReader(body, "group");
  const flags = reader.u8();
  if ((flags & ~KNOWN_FLAGS) !== 0 || reader.u32() !== 0) {
    throw new SieddError(
      "unsupported-version",
      "this group uses coding tools of a later siedd; upgrade siedd to play it",
    );
  }
  if (reader.u16() !== frameCount) throw reader.error("has another number of frames than the index says");
  const three = (what: string) =>
    Array.from({ length: CHANNELS }, () => reader.within(reader.f32(), -MAX_COLOR, MAX_COLOR, what));
  const mean = three("a mean");
  const deviation = three("a deviation");
  const steps = readSteps(reader, network);
  const startsScene = (flags & STARTS_SCENE) !== 0;
  const tiles = network.rows * network.columns;
  const widths =
    flags & WIDTH_PER_TILE
      ? Array.from({ length: tiles }, () => TILE_WIDTHS[reader.u8()])
      : new Array(tiles).fill(reader.u8());
  for (const width of new Set(widths)) {
    if (!TILE_WIDTHS.includes(width)) throw reader.error(`asks for a decoder of width ${width}`);
  }
  const numbers = widths.reduce((sum, width) => sum + decoderSize(network, width), tiles * frameCount * 2);
  reader.within(numbers, 1, MAX_VALUES, "the numbers in it");
  const group = allocateQuantized(network, { frameCount, startsScene, mean, deviation, steps }, widths);
  const coder = new RangeDecoder(reader.bytes(reader.remaining));
  const read: IntegerCoder = integerReader(coder);
  walkGroup(network, group, read);
  coder.end();
  return group;
}

function writeSteps(writer: ByteWriter, steps: QuantizationSteps): void {
  for (const step of [...steps.hidden, ...steps.hiddenBias, steps.head, steps.headBias, steps.motion])
    writer.f32(step);
}

function readSteps(reader: ByteReader, network: TileNetwork): QuantizationSteps {
  const step = () => reader.within(reader.f32(), 1e-9, 1e3, "a quantization step");
  const layers = () => Array.from({ length: network.hiddenLayers }, step);
  return { hidden: layers(), hiddenBias: layers(), head: step(), headBias: step(), motion: step() };
}
