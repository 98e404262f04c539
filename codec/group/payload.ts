import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { MAX_GROUP_VALUES } from "../limits.js";
import { CHANNELS, TILE_WIDTHS, type TileNetwork } from "../network/definition.js";
import { integerReader, integerWriter, walkGroup } from "./coding.js";
import { allocateQuantized, type QuantizationSteps, type QuantizedGroup } from "./quantize.js";
import { parameterCount } from "./weights.js";

/*
 * The payload of one group (docs/format.md, "A group"): a header of fixed fields, the range-coded integers,
 * and a CRC-32C of everything before it.
 */
const WIDTH_PER_TILE = 1;
const STARTS_SCENE = 2;
const KNOWN_FLAGS = WIDTH_PER_TILE | STARTS_SCENE;

/** Bound on the magnitude of means and deviations. Those of R'G'B' in [0, 1] are far smaller. */
const MAX_COLOR = 16;

/** What a reader knows of a group before it reads the payload. */
export interface ExpectedGroup {
  readonly index: number;
  readonly frameCount: number;
  /** Numbers that it may have, see `maxGroupValues`. Default: MAX_GROUP_VALUES. */
  readonly maxValues?: number;
}

/** Serializes the payload of one group. */
export function writeGroup(network: TileNetwork, group: QuantizedGroup): Uint8Array {
  const writer = new ByteWriter();
  const widths = group.tiles.map((tile) => tile.width);
  const uniform = widths.every((width) => width === widths[0]);
  writer.u8((uniform ? 0 : WIDTH_PER_TILE) | (group.startsScene ? STARTS_SCENE : 0));
  writer.u32(0); // index + 1 of the anchor group that this one is coded against; 0 for none
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

/**
 * Parses the payload of a group.
 * @throws SieddError `corrupt-group`, whose message has the index, if the payload is malformed; `unsupported-version`
 *   if a later version of siedd wrote it.
 */
export function readGroup(
  network: TileNetwork,
  expected: ExpectedGroup,
  payload: Uint8Array,
): QuantizedGroup {
  try {
    return parse(network, expected, payload);
  } catch (cause) {
    if (!(cause instanceof SieddError)) throw cause;
    if (cause.code === "unsupported-version") throw cause;
    throw new SieddError("corrupt-group", `group ${expected.index} is damaged: ${cause.message}`, { cause });
  }
}

function parse(
  network: TileNetwork,
  { frameCount, maxValues = MAX_GROUP_VALUES }: ExpectedGroup,
  payload: Uint8Array,
): QuantizedGroup {
  if (payload.length < 8)
    throw new SieddError("corrupt-group", `its payload has only ${payload.length} bytes`);
  const body = payload.subarray(0, payload.length - 4);
  const checksum = new DataView(payload.buffer, payload.byteOffset + body.length, 4).getUint32(0);
  if (crc32c(body) !== checksum) throw new SieddError("corrupt-group", "its checksum does not match");
  const reader = new ByteReader(body, "group");
  const flags = reader.u8();
  if ((flags & ~KNOWN_FLAGS) !== 0 || reader.u32() !== 0) {
    throw new SieddError("unsupported-version", "the group requires a later version of siedd; upgrade siedd");
  }
  const actualFrames = reader.u16();
  if (actualFrames !== frameCount)
    throw reader.error(`has ${actualFrames} frames, the index says ${frameCount}`);
  const readChannels = (what: string) =>
    Array.from({ length: CHANNELS }, () => reader.checkRange(reader.f32(), -MAX_COLOR, MAX_COLOR, what));
  const mean = readChannels("a mean");
  const deviation = readChannels("a deviation");
  const steps = readSteps(reader, network);
  const startsScene = (flags & STARTS_SCENE) !== 0;
  const tiles = network.rows * network.columns;
  const widths =
    flags & WIDTH_PER_TILE
      ? Array.from({ length: tiles }, () => TILE_WIDTHS[reader.u8()])
      : new Array(tiles).fill(reader.u8());
  for (const width of new Set(widths)) {
    if (!TILE_WIDTHS.includes(width)) {
      throw reader.error(`has a tile of width ${width}, must be one of ${TILE_WIDTHS.join(", ")}`);
    }
  }
  const parameters = widths.reduce(
    (sum, width) => sum + parameterCount(network, width),
    tiles * frameCount * 2,
  );
  reader.checkRange(parameters, 1, maxValues, "the number of parameters");
  const group = allocateQuantized(network, { frameCount, startsScene, mean, deviation, steps }, widths);
  const coder = new RangeDecoder(reader.bytes(reader.remaining));
  walkGroup(network, group, integerReader(coder));
  coder.expectEnd();
  return group;
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
