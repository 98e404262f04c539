import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { integerReader, integerWriter } from "../group/coding.js";
import type { ExpectedGroup } from "../group/payload.js";
import { MAX_GROUP_VALUES } from "../limits.js";
import { CHANNELS, type PaperNetwork } from "../network/definition.js";
import { readLayerHeaders, readStep, walkIntegers, walkLayers, writeLayerHeaders } from "./coding.js";
import { headSizes, hiddenSize, type QuantizedPaperGroup } from "./weights.js";

/*
 * The payload of one group of the paper profile: fixed fields, the range-coded integers of the hidden layers and
 * the heads, and a CRC-32C of everything before it.
 */

/** Serializes the payload of one group. */
export function writePaperGroup(group: QuantizedPaperGroup): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(0); // flags; none defined yet
  writer.u32(0); // reference to another group; none
  writer.u16(group.frameCount);
  for (const value of [...group.mean, ...group.deviation]) writer.f32(value);
  writeLayerHeaders(writer, group.hidden);
  writer.f32(group.head.step).f32(group.headBias.step);
  const coder = new RangeEncoder();
  const code = integerWriter(coder);
  walkLayers(group.hidden, code);
  walkIntegers(group.head, CHANNELS, code);
  walkIntegers(group.headBias, CHANNELS, code);
  const body = writer.bytes(coder.finish()).finish();
  return new ByteWriter().bytes(body).u32(crc32c(body)).finish();
}

/**
 * Parses the payload of a group.
 * @throws SieddError `corrupt-group`, whose message has the index, if the payload is malformed; `unsupported-version`
 *   if a later version of siedd wrote it.
 */
export function readPaperGroup(
  network: PaperNetwork,
  expected: ExpectedGroup,
  payload: Uint8Array,
): QuantizedPaperGroup {
  try {
    return parse(network, expected, payload);
  } catch (cause) {
    if (!(cause instanceof SieddError) || cause.code === "unsupported-version") throw cause;
    throw new SieddError("corrupt-group", `group ${expected.index} is damaged: ${cause.message}`, { cause });
  }
}

function parse(
  network: PaperNetwork,
  { frameCount, maxValues = MAX_GROUP_VALUES }: ExpectedGroup,
  payload: Uint8Array,
): QuantizedPaperGroup {
  if (payload.length < 8)
    throw new SieddError("corrupt-group", `its payload has only ${payload.length} bytes`);
  const body = payload.subarray(0, payload.length - 4);
  const checksum = new DataView(payload.buffer, payload.byteOffset + body.length, 4).getUint32(0);
  if (crc32c(body) !== checksum) throw new SieddError("corrupt-group", "its checksum does not match");
  const reader = new ByteReader(body, "group");
  if (reader.u8() !== 0 || reader.u32() !== 0) {
    throw new SieddError("unsupported-version", "the group requires a later version of siedd; upgrade siedd");
  }
  const actualFrames = reader.u16();
  if (actualFrames !== frameCount)
    throw reader.error(`has ${actualFrames} frames, the index says ${frameCount}`);
  reader.checkCount(2 * frameCount, 4, "means and deviations");
  const mean = Float32Array.from({ length: frameCount }, () => reader.f32());
  const deviation = Float32Array.from({ length: frameCount }, () => reader.f32());
  const { width, hiddenLayers, factors } = network;
  const sizes = headSizes(network, frameCount);
  const values = hiddenSize(network) + sizes.head + sizes.bias;
  reader.checkRange(values, 1, maxValues, "the number of parameters");
  const hidden = readLayerHeaders(reader, new Array(hiddenLayers).fill(width), width, factors?.rank);
  const head = { step: readStep(reader, "a quantization step"), integers: new Int32Array(sizes.head) };
  const headBias = { step: readStep(reader, "a quantization step"), integers: new Int32Array(sizes.bias) };
  const coder = new RangeDecoder(reader.bytes(reader.remaining));
  const code = integerReader(coder);
  walkLayers(hidden, code);
  walkIntegers(head, CHANNELS, code);
  walkIntegers(headBias, CHANNELS, code);
  coder.expectEnd();
  return { frameCount, mean, deviation, hidden, head, headBias };
}
