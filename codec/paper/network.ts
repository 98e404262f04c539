import type { ByteReader } from "../bytes/reader.js";
import type { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { integerReader, integerWriter } from "../group/coding.js";
import { FREE_ENCODER_VALUES, GROUP_VALUES_PER_BYTE, MAX_FACTOR_PRODUCTS } from "../limits.js";
import type { PaperFactors, PaperNetwork } from "../network/definition.js";
import { readLayerHeaders, walkLayers, writeLayerHeaders } from "./coding.js";
import { encoderInputs, type PaperEncoder } from "./weights.js";

/** Minimum width of the paper profile. */
export const MIN_PAPER_WIDTH = 4;
/** Maximum width of the paper profile. */
export const MAX_PAPER_WIDTH = 2048;

/** Allowed sides of the patch that one evaluation outputs, in source pixels. */
export const PATCHES: readonly number[] = [1, 3, 6];
/** The value of rank in the file if matrices are stored in full. */
const FULL_RANK = 0;

/** Returns the maximum rank for a width: with a higher rank, the factors would be larger than the matrix. */
export const maxRank = (width: number): number => Math.floor(width / 2);

/** Serializes a paper network for the configuration box. */
export function writePaperNetwork(writer: ByteWriter, network: PaperNetwork): void {
  const { factors } = network;
  writer.u8(network.frequencies).f32(network.omega).u16(network.width);
  writer.u8(network.encoderLayers).u8(network.hiddenLayers).u8(network.patch);
  writer.u16(factors?.rank ?? FULL_RANK);
  if (factors !== undefined) writer.f32(factors.frequency).f32(factors.amplitude);
}

/**
 * Parses a paper network: up to 8 frequencies, width MAX_PAPER_WIDTH, 8 layers in the shared encoder, 8 hidden
 * layers, rank half the width.
 * @throws SieddError `unsupported-version` for an unknown patch size or rank; the reader's error if a value is out of
 *   range.
 */
export function readPaperNetwork(reader: ByteReader): PaperNetwork {
  const frequencies = reader.checkRange(reader.u8(), 0, 8, "the number of frequencies");
  const omega = reader.checkRange(reader.f32(), 1e-3, 1000, "omega");
  const width = reader.checkRange(reader.u16(), MIN_PAPER_WIDTH, MAX_PAPER_WIDTH, "the width");
  const encoderLayers = reader.checkRange(reader.u8(), 1, 8, "the number of encoder layers");
  const hiddenLayers = reader.checkRange(reader.u8(), 1, 8, "the number of hidden layers");
  const patch = reader.u8();
  const rank = reader.u16();
  if (!PATCHES.includes(patch) || rank > maxRank(width)) {
    throw new SieddError(
      "unsupported-version",
      `unsupported patch size ${patch} or rank ${rank} at width ${width}; upgrade siedd`,
    );
  }
  const factors = rank === FULL_RANK ? undefined : readFactors(reader, rank);
  const products = hiddenLayers * width ** 2 * rank;
  reader.checkRange(products, 0, MAX_FACTOR_PRODUCTS, "the multiplications in factored matrices");
  return { profile: "paper", frequencies, omega, width, encoderLayers, hiddenLayers, patch, factors };
}

/** Parses the factorization: frequency 0 (the product itself) or 0.001 to 1e6, amplitude 1e-6 to 1000. */
function readFactors(reader: ByteReader, rank: number): PaperFactors {
  const frequency = reader.f32();
  if (frequency !== 0) reader.checkRange(frequency, 1e-3, 1e6, "the frequency of factored matrices");
  const amplitude = reader.checkRange(reader.f32(), 1e-6, 1000, "the amplitude of factored matrices");
  return { rank, frequency, amplitude };
}

/** Serializes the shared encoder, range-coded, at the end of the configuration box. */
export function writePaperEncoder(writer: ByteWriter, encoder: PaperEncoder): void {
  writeLayerHeaders(writer, encoder.layers);
  const coder = new RangeEncoder();
  walkLayers(encoder.layers, integerWriter(coder));
  writer.bytes(coder.finish());
}

/** Parses the shared encoder, the rest of the configuration box. @throws SieddError `bad-asset`. */
export function readPaperEncoder(reader: ByteReader, network: PaperNetwork): PaperEncoder {
  const inputs = Array.from({ length: network.encoderLayers }, (_, l) => encoderInputs(network, l));
  const weights = inputs.reduce((sum, rows) => sum + rows * network.width, 0);
  const maxWeights = FREE_ENCODER_VALUES + GROUP_VALUES_PER_BYTE * reader.remaining;
  reader.checkRange(weights, 1, maxWeights, "the number of weights in the shared encoder");
  const layers = readLayerHeaders(reader, inputs, network.width);
  try {
    const coder = new RangeDecoder(reader.bytes(reader.remaining));
    walkLayers(layers, integerReader(coder));
    coder.expectEnd();
  } catch (cause) {
    if (cause instanceof SieddError && cause.code === "corrupt-group") {
      throw new SieddError("bad-asset", `the asset is damaged: in its shared encoder, ${cause.message}`, {
        cause,
      });
    }
    throw cause;
  }
  return { layers };
}
