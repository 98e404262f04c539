import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import { sharedEncoderSize } from "../group/weights.js";
import { readTileNetwork, writeTileNetwork } from "../network/definition.js";
import {
  readPaperEncoder,
  readPaperNetwork,
  writePaperEncoder,
  writePaperNetwork,
} from "../paper/network.js";
import type { Model, PaperModel, TileModel } from "./model.js";
import type { Rational } from "./rational.js";

/** Version of the format that this codec writes; the only one it reads. */
export const ASSET_VERSION = 1;
const PROFILES = ["tile", "paper"] as const;

/** Contents of the `sivC` box: all that a decoder needs before the first group. */
export interface Configuration {
  readonly version: number;
  readonly frameRate: Rational;
  readonly frameCount: number;
  readonly model: Model;
}

/** -> the contents of `sivC` (docs/format.md, "The configuration box"). */
export function writeConfiguration(configuration: Omit<Configuration, "version">): Uint8Array {
  const writer = new ByteWriter();
  const { model } = configuration;
  writer.u16(ASSET_VERSION).u8(PROFILES.indexOf(model.profile));
  writer.u32(0); // features that a reader must know; none so far
  writer.u32(configuration.frameRate.num).u32(configuration.frameRate.den).u32(configuration.frameCount);
  if (model.profile === "tile") writeTileModel(writer, model);
  else writePaperModel(writer, model);
  const body = writer.finish();
  return new ByteWriter().bytes(body).u32(crc32c(body)).finish();
}

function writeTileModel(writer: ByteWriter, { network, encoder }: TileModel): void {
  writeTileNetwork(writer, network);
  writer.u8(0); // chroma at the rate of luma
  writer.u8(1); // motion: a displacement a frame and tile
  for (const value of encoder.weights) writer.f32(value);
  for (const value of encoder.bias) writer.f32(value);
}

function writePaperModel(writer: ByteWriter, { network, encoder }: PaperModel): void {
  writePaperNetwork(writer, network);
  writePaperEncoder(writer, encoder);
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
  const number = reader.u8();
  const profile = PROFILES[number];
  const features = reader.u32();
  if (profile === undefined || features !== 0) {
    throw new SieddError(
      "unsupported-version",
      `the asset uses profile ${number} with features ${features}, which this siedd does not know; upgrade siedd to play it`,
    );
  }
  const num = reader.within(reader.u32(), 1, 1_000_000_000, "the frame rate");
  const den = reader.within(reader.u32(), 1, 1_000_000_000, "the frame rate's denominator");
  const frameCount = reader.within(reader.u32(), 1, 2 ** 31, "the number of frames");
  const model = profile === "tile" ? readTileModel(reader) : readPaperModel(reader);
  reader.end();
  return { version, frameRate: { num, den }, frameCount, model };
}

function readPaperModel(reader: ByteReader): PaperModel {
  const network = readPaperNetwork(reader);
  return { profile: "paper", network, encoder: readPaperEncoder(reader, network) };
}

function readTileModel(reader: ByteReader): TileModel {
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
    Float32Array.from({ length: reader.bounded(count, 4, "encoder weights") }, () =>
      reader.within(reader.f32(), -1e6, 1e6, "a weight of the shared encoder"),
    );
  return { profile: "tile", network, encoder: { weights: floats(size.weights), bias: floats(size.bias) } };
}
