import { CHANNELS, inputFeatures, type PaperFactors, type PaperNetwork } from "../network/definition.js";

/** Zero points are stored in units of 1 / ZERO_POINT_SCALE of a level. */
export const ZERO_POINT_SCALE = 8;

/** Integers that share one quantization step: value = integer * step. */
export interface ScaledIntegers {
  readonly step: number;
  readonly integers: Int32Array;
}

/**
 * A low-bit matrix. Blocks of `block` consecutive inputs of one output share a scale and a zero point (as in
 * half-quadratic quantization, HQQ):
 * w[i, o] = unit * scale[i / block, o] * (level[i, o] - zero[i / block, o] / 8).
 */
export interface BlockMatrix {
  readonly inputs: number;
  readonly outputs: number;
  /** Bits per level, 1 to 12. */
  readonly bits: number;
  /** Inputs per block, 1 to 4096. The last block of an output may be shorter. */
  readonly block: number;
  /** Unit of `scales`. */
  readonly unit: number;
  /** [blocks, outputs], 1 to 255. */
  readonly scales: Int32Array;
  /** [blocks, outputs], in eighths of a level. */
  readonly zeros: Int32Array;
  /** [inputs, outputs], 0 to 2^bits - 1. */
  readonly levels: Int32Array;
}

/** One quantized sine layer. */
export interface PaperLayer {
  /** The matrix [inputs, outputs], or U [inputs, rank] if it is factored. */
  readonly weights: BlockMatrix;
  /** V [outputs, rank] if the matrix is factored; see PaperFactors. */
  readonly right?: BlockMatrix;
  readonly bias: ScaledIntegers;
}

/** The quantized shared encoder of the paper profile: all layers that precede those of the groups. */
export interface PaperEncoder {
  readonly layers: readonly PaperLayer[];
}

/** The quantized weights of one group of the paper profile: sine layers for all frames, and one head per frame. */
export interface QuantizedPaperGroup {
  readonly frameCount: number;
  /** Normalization, [frames]: the head's output v means v * deviation + mean, R'G'B' in [0, 1]. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly hidden: readonly PaperLayer[];
  /** [frames, width, outputs], with outputs as `headOutputs`. */
  readonly head: ScaledIntegers;
  /** [frames, outputs]. */
  readonly headBias: ScaledIntegers;
}

/** A sine layer in floats: [inputs, outputs] and [outputs]. */
export interface FloatLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** The weights of one group in floats, with the shapes of QuantizedPaperGroup. */
export interface PaperGroupWeights {
  readonly frameCount: number;
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  readonly hidden: readonly FloatLayer[];
  readonly head: Float32Array;
  readonly headBias: Float32Array;
}

/** Returns the number of inputs of layer `layer` of the shared encoder. */
export const encoderInputs = (network: PaperNetwork, layer: number): number =>
  layer === 0 ? inputFeatures(network) : network.width;

/** Returns the number of blocks per output in a matrix with `inputs` inputs. */
export const blockRows = (inputs: number, block: number): number => Math.ceil(inputs / block);

/** Allocates the integers of a matrix, for a reader to fill in. */
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

/** Returns the values of a block-quantized matrix, [inputs, outputs]. */
export function dequantizeBlocks(matrix: BlockMatrix): Float32Array {
  const { inputs, outputs, block, unit, scales, zeros, levels } = matrix;
  const values = new Float32Array(inputs * outputs);
  for (let i = 0; i < inputs; i++) {
    const row = Math.floor(i / block) * outputs;
    for (let o = 0; o < outputs; o++) {
      const at = i * outputs + o;
      values[at] = unit * scales[row + o] * (levels[at] - zeros[row + o] / ZERO_POINT_SCALE);
    }
  }
  return values;
}

/** Returns the values of integers that share a step. */
export const dequantizeIntegers = ({ step, integers }: ScaledIntegers): Float32Array =>
  Float32Array.from(integers, (integer) => integer * step);

const dequantizeLayer = (
  { weights, right, bias }: PaperLayer,
  factors: PaperFactors | undefined,
): FloatLayer => ({
  weights:
    right === undefined || factors === undefined
      ? dequantizeBlocks(weights)
      : factorProduct(factors, dequantizeBlocks(weights), dequantizeBlocks(right)),
  bias: dequantizeIntegers(bias),
});

/** Returns the matrix [inputs, outputs] of factors U [inputs, rank] and V [outputs, rank]. */
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

/** Returns the weights of the shared encoder in floats. */
export const dequantizePaperEncoder = (encoder: PaperEncoder): FloatLayer[] =>
  encoder.layers.map((layer) => dequantizeLayer(layer, undefined));

/** Returns the weights of a group in floats. */
export function dequantizePaper(network: PaperNetwork, group: QuantizedPaperGroup): PaperGroupWeights {
  const { frameCount, mean, deviation } = group;
  return {
    frameCount,
    mean,
    deviation,
    hidden: group.hidden.map((layer) => dequantizeLayer(layer, network.factors)),
    head: dequantizeIntegers(group.head),
    headBias: dequantizeIntegers(group.headBias),
  };
}

/** Returns the number of outputs of a head: R', G', B' of every pixel of a patch, in row-major order. */
export const headOutputs = ({ patch }: PaperNetwork): number => patch ** 2 * CHANNELS;

/** Returns the number of weights in a group's stack of sine layers, multiplied out if they are factored. */
export const hiddenSize = ({ width, hiddenLayers }: PaperNetwork): number => hiddenLayers * width ** 2;

/** Returns the number of parameters in a group's heads: [frames, width, outputs] and [frames, outputs]. */
export const headSizes = (network: PaperNetwork, frames: number): { head: number; bias: number } => ({
  head: frames * network.width * headOutputs(network),
  bias: frames * headOutputs(network),
});
