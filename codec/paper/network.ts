import type { ByteReader } from "../bytes/reader.js";
import type { ByteWriter } from "../bytes/writer.js";
import { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { SieddError } from "../errors.js";
import { integerReader, integerWriter } from "../group/coding.js";
import type { PaperNetwork } from "../network/definition.js";
import { readLayerHeaders, walkLayers, writeLayerHeaders } from "./coding.js";
import { encoderInputs, type PaperEncoder } from "./weights.js";

/** Least width of the paper profile. */
export const MIN_PAPER_WIDTH = 4;
/** Greatest width of the paper profile. */
export const MAX_PAPER_WIDTH = 2048;

/** Source pixels a side that one output of a head covers; one so far. */
const PATCH = 1;
/** Rank of factored hidden layers; 0 is full. */
const FULL_RANK = 0;

/** The network definition of the paper profile in the configuration box. */
export function writePaperNetwork(writer: ByteWriter, network: PaperNetwork): void {
  writer.u8(network.frequencies).f32(network.omega).u16(network.width);
  writer.u8(network.encoderLayers).u8(network.hiddenLayers).u8(PATCH).u16(FULL_RANK);
}

/** Bounds: 8 frequencies, width 2048, 8 layers in the shared encoder and 8 in a stack. */
export function readPaperNetwork(reader: ByteReader): PaperNetwork {
  const frequencies = reader.within(reader.u8(), 0, 8, "frequencies");
  const omega = reader.within(reader.f32(), 1e-3, 1000, "omega");
  const width = reader.within(reader.u16(), MIN_PAPER_WIDTH, MAX_PAPER_WIDTH, "the width");
  const encoderLayers = reader.within(reader.u8(), 1, 8, "layers of the shared encoder");
  const hiddenLayers = reader.within(reader.u8(), 1, 8, "hidden layers");
  const patch = reader.u8();
  const rank = reader.u16();
  if (patch !== PATCH || rank !== FULL_RANK) {
    throw new SieddError(
      "unsupported-version",
      `the asset uses patches of ${patch} and rank ${rank}, which this siedd does not know; upgrade siedd to play it`,
    );
  }
  return { profile: "paper", frequencies, omega, width, encoderLayers, hiddenLayers };
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
