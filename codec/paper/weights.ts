import { CHANNELS, inputFeatures, type PaperFactors, type PaperNetwork } from "../network/definition.js";

/** Zero points are stored in this share of a level. */
export const ZERO_STEPS = 8;

/** Numbers that share one step: value = integer * step. */
export interface ScaledIntegers {
  readonly step: number;
  readonly integers: Int32Array;
}

/**
 * A matrix of few bits: blocks of `block` consecutive inputs of one output share a scale and a zero point
 * (as in half-quadratic quantization, HQQ):
 * w[i, o] = unit * scale[i / block, o] * (level[i, o] - zero[i / block, o] / 8).
 */
export interface BlockMatrix {
  readonly inputs: number;
  readonly outputs: number;
  /** A level has so many bits, 1 to 12. */
  readonly bits: number;
  /** Inputs a block, 1 to 4096; the last block of an output may be shorter. */
  readonly block: number;
  readonly unit: number;
  /** [blocks, outputs], 1 to 255. */
  readonly scales: Int32Array;
  /** [blocks, outputs], in eighths of a level. */
  readonly zeros: Int32Array;
  /** [inputs, outputs], 0 to 2^bits - 1. */
  readonly levels: Int32Array;
}

/** One sine layer as it is stored. */
export interface PaperLayer {
  /** The matrix [inputs, outputs], or of a factored one U [inputs, rank]. */
  readonly weights: BlockMatrix;
  /** V [outputs, rank] of a factored matrix; see PaperFactors. */
  readonly right?: BlockMatrix;
  readonly bias: ScaledIntegers;
}

/** The shared encoder of the paper profile: all layers before the decoders. */
export interface PaperEncoder {
  readonly layers: readonly PaperLayer[];
}

/** One group of the paper profile as it is stored: one stack of sine layers for all frames, a head a frame. */
export interface QuantizedPaperGroup {
  readonly frameCount: number;
  /** [frames]: the head's output v means v * deviation + mean, R'G'B' in [0, 1]. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly hidden: readonly PaperLayer[];
  /** [frames, width, outputs]; outputs: see `headOutputs`. */
  readonly head: ScaledIntegers;
  /** [frames, outputs]. */
  readonly headBias: ScaledIntegers;
}

/** A sine layer in floats: [inputs, outputs] and [outputs]. */
export interface FloatLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** One group's decoder in floats, shapes as in QuantisedPaperGroup. */
export interface PaperDecoders {
  readonly frameCount: number;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly hidden: readonly FloatLayer[];
  readonly head: Float32Array;
  readonly headBias: Float32Array;
}

/** Inputs of layer `layer` of the shared encoder. */
export const encoderInputs = (network: PaperNetwork, layer: number): number =>
  layer === 0 ? inputFeatures(network) : network.width;

/** Blocks above each other in a matrix of `inputs`. */
export const blockRows = (inputs: number, block: number): number => Math.ceil(inputs / block);

/** A matrix to be filled by a reader. */
export function allocateBlocks(
  header: Pick<BlockMatrix, "inputs" | "outputs" | "bits" | "block" | "unit">,
): BlockMatrix {
  const blocks = blockRows(header.inputs, header.block) * header.outputs;
  return {
    ...header,
    scales: new Int32Array(blocks),
    zeros: new Int32Array(blocks),
    levels: new Int32Array(header.inputs * header.outputs),
  };
}

/** -> [inputs, outputs]. */
export function blockValues(matrix: BlockMatrix): Float32Array {
  const { inputs, outputs, block, unit, scales, zeros, levels } = matrix;
  const values = new Float32Array(inputs * outputs);
  for (let i = 0; i < inputs; i++) {
    const row = Math.floor(i / block) * outputs;
    for (let o = 0; o < outputs; o++) {
      const at = i * outputs + o;
      values[at] = unit * scales[row + o] * (levels[at] - zeros[row + o] / ZERO_STEPS);
    }
  }
  return values;
}

/** The values of integers that share a step. */
export const scaledValues = ({ step, integers }: ScaledIntegers): Float32Array =>
  Float32Array.from(integers, (integer) => integer * step);

const layerValues = (
  { weights, right, bias }: PaperLayer,
  factors: PaperFactors | undefined,
): FloatLayer => ({
  weights:
    right === undefined || factors === undefined
      ? blockValues(weights)
      : factorProduct(factors, blockValues(weights), blockValues(right)),
  bias: scaledValues(bias),
});

/** The matrix [inputs, outputs] of U [inputs, rank] and V [outputs, rank]. */
export function factorProduct(
  { rank, frequency, amplitude }: PaperFactors,
  left: Float32Array,
  right: Float32Array,
): Float32Array {
  const outputs = right.length / rank;
  const product = new Float32Array((left.length / rank) * outputs);
  for (let at = 0; at < product.length; at++) {
    const i = Math.floor(at / outputs) * rank;
    const o = (at % outputs) * rank;
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += left[i + k] * right[o + k];
    product[at] = frequency === 0 ? sum : amplitude * Math.sin(frequency * sum);
  }
  return product;
}

/** The numbers that the shared encoder computes with. */
export const paperEncoderValues = (encoder: PaperEncoder): FloatLayer[] =>
  encoder.layers.map((layer) => layerValues(layer, undefined));

/** The numbers that a decoder computes with. */
export function dequantizePaper(network: PaperNetwork, group: QuantizedPaperGroup): PaperDecoders {
  const { frameCount, mean, deviation } = group;
  return {
    frameCount,
    mean,
    deviation,
    hidden: group.hidden.map((layer) => layerValues(layer, network.factors)),
    head: scaledValues(group.head),
    headBias: scaledValues(group.headBias),
  };
}

/** Outputs of a head: for each row and in it each column of a patch R', G', B'. */
export const headOutputs = ({ patch }: PaperNetwork): number => patch ** 2 * CHANNELS;

/** Integers of a group's heads: [frames, width, outputs] and [frames, outputs]. */
export const headSizes = (network: PaperNetwork, frames: number): { head: number; bias: number } => ({
  head: frames * network.width * headOutputs(network),
  bias: frames * headOutputs(network),
});
