import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { integerReader, integerWriter } from "../group/coding.js";
import { MAX_VALUES } from "../group/payload.js";
import { CHANNELS, type PaperNetwork } from "../network/definition.js";
import { readLayerHeaders, readStep, walkIntegers, walkLayers, writeLayerHeaders } from "./coding.js";
import { headSizes, type QuantizedPaperGroup } from "./weights.js";

/*
 * One group of the paper profile as it lies in the file: fixed fields, the range-coded integers of the
 * hidden stack and the heads, and a CRC-32C over all before it.
 */

/** -> the payload of one group's sample. */
export function writePaperGroup(group: QuantizedPaperGroup): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(0); // flags; none so far
  writer.u32(0); // no reference to another group
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

/** Throws SieddError `corrupt-group`, naming the group, for anything that `writePaperGroup` cannot have written. */
export function readPaperGroup(
  network: PaperNetwork,
  index: number,
  frameCount: number,
  payload: Uint8Array,
): QuantizedPaperGroup {
  try {
    return parse(network, frameCount, payload);
  } catch (cause) {
    if (!(cause instanceof SieddError) || cause.code === "unsupported-version") throw cause;
    throw new SieddError("corrupt-group", `group ${index} is damaged: ${cause.message}`, { cause });
  }
}

function parse(network: PaperNetwork, frameCount: number, payload: Uint8Array): QuantizedPaperGroup {
  if (payload.length < 8) throw new SieddError("corrupt-group", `it has only ${payload.length} bytes`);
  const body = payload.subarray(0, payload.length - 4);
  const stored = new DataView(payload.buffer, payload.byteOffset + body.length, 4).getUint32(0);
  if (crc32c(body) !== stored) throw new SieddError("corrupt-group", "its checksum does not match");
  const reader = new ByteReader(body, "group");
  if (reader.u8() !== 0 || reader.u32() !== 0) {
    throw new SieddError(
      "unsupported-version",
      "this group uses coding tools of a later siedd; upgrade siedd to play it",
    );
  }
  if (reader.u16() !== frameCount) throw reader.error("has another number of frames than the index says");
  reader.bounded(2 * frameCount, 4, "means and deviations");
  const mean = Float32Array.from({ length: frameCount }, () => reader.f32());
  const deviation = Float32Array.from({ length: frameCount }, () => reader.f32());
  const { width, hiddenLayers, factors } = network;
  const hidden = readLayerHeaders(reader, new Array(hiddenLayers).fill(width), width, factors?.rank);
  const sizes = headSizes(network, frameCount);
  reader.within(sizes.head, 1, MAX_VALUES, "the numbers in its heads");
  const head = { step: readStep(reader, "a quantization step"), integers: new Int32Array(sizes.head) };
  const headBias = { step: readStep(reader, "a quantization step"), integers: new Int32Array(sizes.bias) };
  const coder = new RangeDecoder(reader.bytes(reader.remaining));
  const code = integerReader(coder);
  walkLayers(hidden, code);
  walkIntegers(head, CHANNELS, code);
  walkIntegers(headBias, CHANNELS, code);
  coder.end();
  return { frameCount, mean, deviation, hidden, head, headBias };
}
