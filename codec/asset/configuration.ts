import { crc32c } from "../bytes/crc32c.js";
import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { SieddError } from "../errors.js";
import { sharedEncoderSize } from "../group/weights.js";
import { MAX_FRAME_RATE, MAX_VIDEO_SECONDS, MIN_FRAME_RATE } from "../limits.js";
import { readTileNetwork, writeTileNetwork } from "../network/definition.js";
import {
  readPaperEncoder,
  readPaperNetwork,
  writePaperEncoder,
  writePaperNetwork,
} from "../paper/network.js";
import type { Model, PaperModel, TileModel } from "./model.js";
import type { Rational } from "./rational.js";

/** Format version of an asset whose networks cover one group each. */
export const ASSET_VERSION = 1;
/** Format version of an asset with spans: networks that cover several groups. */
export const SPANS_VERSION = 2;
const PROFILES = ["tile", "paper"] as const;

/** Contents of the `sivC` box: everything that a decoder needs before the first group. */
export interface Configuration {
  readonly version: number;
  readonly frameRate: Rational;
  readonly frameCount: number;
  readonly model: Model;
}

/** Serializes the contents of the `sivC` box (docs/format.md, "The configuration box sivC"). */
export function writeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter();
  const { model } = configuration;
  writer.u16(configuration.version).u8(PROFILES.indexOf(model.profile));
  writer.u32(0); // flags of features that a reader must support; none defined yet
  writer.u32(configuration.frameRate.num).u32(configuration.frameRate.den).u32(configuration.frameCount);
  if (model.profile === "tile") writeTileModel(writer, model);
  else writePaperModel(writer, model);
  const body = writer.finish();
  return new ByteWriter().bytes(body).u32(crc32c(body)).finish();
}

function writeTileModel(writer: ByteWriter, { network, encoder }: TileModel): void {
  writeTileNetwork(writer, network);
  writer.u8(0); // chroma mode: same resolution as luma
  writer.u8(1); // motion mode: one displacement per frame and tile
  for (const value of encoder.weights) writer.f32(value);
  for (const value of encoder.bias) writer.f32(value);
}

function writePaperModel(writer: ByteWriter, { network, encoder }: PaperModel): void {
  writePaperNetwork(writer, network);
  writePaperEncoder(writer, encoder);
}

/**
 * Parses the contents of the `sivC` box.
 * @throws SieddError `unsupported-version` if a later version of siedd wrote the asset, `bad-asset` if it is damaged.
 */
export function readConfiguration(contents: ByteReader): Configuration {
  const bytes = contents.bytes(contents.remaining);
  const version = new ByteReader(bytes, contents.path).u16();
  if (version !== ASSET_VERSION && version !== SPANS_VERSION) {
    throw new SieddError(
      "unsupported-version",
      `unsupported format version ${version}: this version of siedd reads versions ${ASSET_VERSION} and ${SPANS_VERSION}; upgrade siedd`,
    );
  }
  if (bytes.length < 8) throw contents.error(`has only ${bytes.length} bytes`);
  const body = bytes.subarray(0, bytes.length - 4);
  const reader = new ByteReader(body, contents.path);
  if (crc32c(body) !== new DataView(bytes.buffer, bytes.byteOffset + body.length, 4).getUint32(0)) {
    throw contents.error("does not match its checksum");
  }
  reader.skip(2); // the version
  const profileNumber = reader.u8();
  const profile = PROFILES[profileNumber];
  const features = reader.u32();
  if (profile === undefined || features !== 0) {
    throw new SieddError(
      "unsupported-version",
      `unsupported profile ${profileNumber} with feature flags ${features}; upgrade siedd`,
    );
  }
  if (profile === "paper" && version === SPANS_VERSION)
    throw contents.error("has spans, which the paper profile does not have");
  const num = reader.checkRange(reader.u32(), 1, 1_000_000_000, "the frame rate");
  const den = reader.checkRange(reader.u32(), 1, 1_000_000_000, "the frame rate's denominator");
  reader.checkRange(num / den, MIN_FRAME_RATE, MAX_FRAME_RATE, "the frame rate in frames per second");
  const maxFrames = Math.min(2 ** 31, Math.floor((MAX_VIDEO_SECONDS * num) / den));
  const frameCount = reader.checkRange(reader.u32(), 1, maxFrames, "the number of frames");
  const model = profile === "tile" ? readTileModel(reader) : readPaperModel(reader);
  reader.expectEnd();
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
      `unsupported chroma mode ${chroma} or motion mode ${motion}; upgrade siedd`,
    );
  }
  const size = sharedEncoderSize(network);
  const floats = (count: number) =>
    Float32Array.from({ length: reader.checkCount(count, 4, "encoder weights") }, () =>
      reader.checkRange(reader.f32(), -1e6, 1e6, "a weight of the shared encoder"),
    );
  return { profile: "tile", network, encoder: { weights: floats(size.weights), bias: floats(size.bias) } };
}
