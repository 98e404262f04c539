import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import { type SharedEncoder, sharedEncoderSize } from "../group/weights.js";
import { readTileNetwork, type TileNetwork, writeTileNetwork } from "../network/definition.js";
import type { FrameRate } from "./frame-rate.js";

/** Version of the format that this codec writes; the only one it reads. */
export const ASSET_VERSION = 1;
const PROFILE_TILE = 0;

/** Contents of the `sivC` box: all that a decoder needs before the first group. */
export interface Configuration {
  readonly version: number;
  readonly frameRate: FrameRate;
  readonly frameCount: number;
  readonly network: TileNetwork;
  readonly encoder: SharedEncoder;
}

/** -> the contents of `sivC` (docs/format.md, "The configuration box"). */
export function writeConfiguration(configuration: Omit<Configuration, "version">): Uint8Array {
  const writer = new ByteWriter();
  writer.u16(ASSET_VERSION).u8(PROFILE_TILE);
  writer.u32(0); // features that a reader must know; none so far
  writer.u32(configuration.frameRate.num).u32(configuration.frameRate.den).u32(configuration.frameCount);
  writeTileNetwork(writer, configuration.network);
  writer.u8(0); // chroma at the rate of luma
  writer.u8(1); // motion: a displacement a frame and tile
  for (const value of configuration.encoder.weights) writer.f32(value);
  for (const value of configuration.encoder.bias) writer.f32(value);
  const body = writer.finish();
  return new ByteWriter().bytes(body).u32(crc32c(body)).finish();
}

/** Throws `unsupported-version` for what a later siedd wrote, `bad-asset` for damage. */
export function readConfiguration(contents: ByteReader): Configuration {
  const all = contents.bytes(contents.remaining);
  const version = new ByteReader(all, contents.where).u16();
  if (version !== ASSET_VERSION) {
    throw new SieddError(
      "unsupported-version",
      `the asset has format version ${version}, this siedd reads version ${ASSET_VERSION}; upgrade siedd to play it`,
    );
  }
  if (all.length < 8) throw contents.error("is too short");
  const body = all.subarray(0, all.length - 4);
  const reader = new ByteReader(body, contents.where);
  if (crc32c(body) !== new DataView(all.buffer, all.byteOffset + body.length, 4).getUint32(0)) {
    throw contents.error("does not match its checksum");
  }
  reader.u16();
  const profile = reader.u8();
  const features = reader.u32();
  if (profile !== PROFILE_TILE || features !== 0) {
    throw new SieddError(
      "unsupported-version",
      `the asset uses profile ${profile} with features ${features}, which this siedd does not know; upgrade siedd to play it`,
    );
  }
  const num = reader.within(reader.u32(), 1, 1_000_000_000, "the frame rate");
  const den = reader.within(reader.u32(), 1, 1_000_000_000, "the frame rate's denominator");
  const frameCount = reader.within(reader.u32(), 1, 2 ** 31, "the number of frames");
  const network = readTileNetwork(reader);
  const chroma = reader.u8();
  const motion = reader.u8();
  if (chroma !== 0 || motion !== 1) {
    throw new SieddError(
      "unsupported-version",
      `the asset uses chroma mode ${chroma} and motion mode ${motion}, which this siedd does not know; upgrade siedd to play it`,
    );
  }
  const size = sharedEncoderSize(network);
  const floats = (count: number) =>
    Float32Array.from({ length: reader.bounded(count, 4, "encoder weights") }, () => reader.f32());
  const encoder = { weights: floats(size.weights), bias: floats(size.bias) };
  reader.end();
  return { version, frameRate: { num, den }, frameCount, network, encoder };
}
