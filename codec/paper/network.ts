import type { ByteReader } from "../bytes/reader.js";
import type { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { integerReader, integerWriter } from "../group/coding.js";
import type { PaperFactors, PaperNetwork } from "../network/definition.js";
import { readLayerHeaders, walkLayers, writeLayerHeaders } from "./coding.js";
import { encoderInputs, type PaperEncoder } from "./weights.js";

/** Least width of the paper profile. */
export const MIN_PAPER_WIDTH = 4;
/** Greatest width of the paper profile. */
export const MAX_PAPER_WIDTH = 2048;

/** Source pixels a side that one evaluation may give. */
export const PATCHES: readonly number[] = [1, 3, 6];
/** In the file, the rank of matrices that are stored whole. */
const FULL_RANK = 0;

/** Greatest rank of the factors of a matrix of `width`: with more they would not be fewer numbers than the matrix. */
export const maxRank = (width: number): number => Math.floor(width / 2);

/** The network definition of the paper profile in the configuration box. */
export function writePaperNetwork(writer: ByteWriter, network: PaperNetwork): void {
  const { factors } = network;
  writer.u8(network.frequencies).f32(network.omega).u16(network.width);
  writer.u8(network.encoderLayers).u8(network.hiddenLayers).u8(network.patch);
  writer.u16(factors?.rank ?? FULL_RANK);
  if (factors !== undefined) writer.f32(factors.frequency).f32(factors.amplitude);
}

/** Bounds: 8 frequencies, width 2048, 8 layers in the shared encoder and 8 in a stack, rank half the width. */
export function readPaperNetwork(reader: ByteReader): PaperNetwork {
  const frequencies = reader.within(reader.u8(), 0, 8, "frequencies");
  const omega = reader.within(reader.f32(), 1e-3, 1000, "omega");
  const width = reader.within(reader.u16(), MIN_PAPER_WIDTH, MAX_PAPER_WIDTH, "the width");
  const encoderLayers = reader.within(reader.u8(), 1, 8, "layers of the shared encoder");
  const hiddenLayers = reader.within(reader.u8(), 1, 8, "hidden layers");
  const patch = reader.u8();
  const rank = reader.u16();
  if (!PATCHES.includes(patch) || rank > maxRank(width)) {
    throw new SieddError(
      "unsupported-version",
      `the asset uses patches of ${patch} and rank ${rank} at width ${width}, which this siedd does not know; upgrade siedd to play it`,
    );
  }
  const factors = rank === FULL_RANK ? undefined : readFactors(reader, rank);
  return { profile: "paper", frequencies, omega, width, encoderLayers, hiddenLayers, patch, factors };
}

/** Bounds: frequency 0 (the product itself) or 0.001 to 1e6, amplitude 1e-6 to 1000. */
function readFactors(reader: ByteReader, rank: number): PaperFactors {
  const frequency = reader.f32();
  if (frequency !== 0) reader.within(frequency, 1e-3, 1e6, "the frequency of factored matrices");
  const amplitude = reader.within(reader.f32(), 1e-6, 1000, "the amplitude of factored matrices");
  return { rank, frequency, amplitude };
}

/** The shared encoder, range-coded, at the end of the configuration box. */
export function writePaperEncoder(writer: ByteWriter, encoder: PaperEncoder): void {
  writeLayerHeaders(writer, encoder.layers);
  const coder = new RangeEncoder();
  walkLayers(encoder.layers, integerWriter(coder));
  writer.bytes(coder.finish());
}

/** Takes all that is left of the reader. Throws `bad-asset`. */
export function readPaperEncoder(reader: ByteReader, network: PaperNetwork): PaperEncoder {
  const inputs = Array.from({ length: network.encoderLayers }, (_, l) => encoderInputs(network, l));
  const layers = readLayerHeaders(reader, inputs, network.width);
  try {
    const coder = new RangeDecoder(reader.bytes(reader.remaining));
    walkLayers(layers, integerReader(coder));
    coder.end();
  } catch (cause) {
    if (cause instanceof SieddError && cause.code === "corrupt-group") {
      throw new SieddError("bad-asset", `the asset is damaged: its shared encoder: ${cause.message}`, {
        cause,
      });
    }
    throw cause;
  }
  return { layers };
}
