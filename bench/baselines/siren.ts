import { RangeEncoder } from "../../codec/entropy/range-coder.js";
import { integerWriter } from "../../codec/group/coding.js";
import {
  ByteWriter,
  CHANNELS,
  dequantizeIntegers,
  dequantizePaperEncoder,
  type FloatLayer,
  type PaperLayer,
  type ScaledIntegers,
} from "../../codec/internal.js";
import { walkIntegers, walkLayers, writeLayerHeaders } from "../../codec/paper/coding.js";
import type { Operations } from "../../encoder/graph/operations.js";
import type { Tensor } from "../../encoder/graph/tensor.js";
import { quantize16, quantizeBlocks } from "../../encoder/paper/half-quadratic.js";
import { linear } from "../../encoder/training/network/layers.js";
import { Random } from "../../encoder/training/sampling/random.js";
import { requireWeights, type TrainingWeights } from "../../encoder/training/weights.js";

/**
 * Conventional implicit networks: sine layers over coordinates, and a linear head with R'G'B' outputs (V. Sitzmann et al.
 * 2020, "SIREN"). Either one network over (x, y, t) for a clip, or one network over (x, y) per frame (E. Dupont et al.
 * 2021, "COIN"). The `networks` of all frames are trained as one batch.
 */
export interface SirenNetwork {
  readonly networks: number;
  readonly inputs: 2 | 3;
  readonly width: number;
  /** Number of sine layers. */
  readonly layers: number;
}

const OMEGA = 30;
/** The format of the shared encoder in the paper profile. */
const WEIGHT_FORMAT = { bits: 8, block: 32 };
/** Approximate number of bits per stored weight. */
const BITS_PER_WEIGHT = 8;

const inputsOf = ({ inputs, width }: SirenNetwork, layer: number): number => (layer === 0 ? inputs : width);

/** Returns the largest width at which a network with its initial weights fits into `bytes`. */
export function widthForBytes(bytes: number, inputs: 2 | 3, layers: number): number {
  const estimatedBytes = (width: number) => (width * (inputs + (layers - 1) * width) * BITS_PER_WEIGHT) / 8;
  let width = 4;
  while (estimatedBytes(width + 1) <= bytes) width++;
  for (; width > 4; width--) {
    const network = { networks: 1, inputs, width, layers };
    if (compressSiren(network, initialSirenWeights(network, new Random(1))).bytes <= bytes) break;
  }
  return width;
}

/**
 * Returns the learning rate. Like the initial weights, it is inversely proportional to the width. In a search in factors of
 * three, 3e-3 was best over (x, y, t) at width 106, and 1e-2 per frame at width 24 (frames 40 to 59 of bunny at
 * 160 x 90, 300 steps).
 */
export const sirenLearningRate = ({ width }: SirenNetwork): number => 0.3 / width;

/**
 * Returns weights with the published initialization: within 1 / inputs in the first layer, then sqrt(6 / width) / omega.
 */
export function initialSirenWeights(network: SirenNetwork, random: Random): TrainingWeights {
  const { networks, width, layers } = network;
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => random.uniformSymmetric(bound));
  const bound = Math.sqrt(6 / width) / OMEGA;
  for (let l = 0; l < layers; l++) {
    const inputs = inputsOf(network, l);
    weights.set(`layer${l}`, uniform(networks * inputs * width, l === 0 ? 1 / inputs : bound));
    weights.set(`layer${l}_bias`, new Float32Array(networks * width));
  }
  weights.set("head", uniform(networks * width * CHANNELS, 1 / Math.sqrt(width)));
  weights.set("head_bias", new Float32Array(networks * CHANNELS));
  return weights;
}

/**
 * Adds the network to a graph. Returns its parameters and its output [networks, 3, B].
 *
 * @param position [1, inputs, B]
 */
export function sirenForward(
  g: Operations,
  network: SirenNetwork,
  position: Tensor,
): { readonly output: Tensor; readonly parameters: readonly Tensor[] } {
  const { networks, width, layers } = network;
  const parameters: Tensor[] = [];
  const parameter = (name: string, shape: readonly number[]): Tensor => {
    const tensor = g.input(name, [networks, ...shape]);
    parameters.push(tensor);
    return tensor;
  };
  let h = position;
  for (let l = 0; l < layers; l++) {
    const weights = parameter(`layer${l}`, [inputsOf(network, l), width]);
    const bias = parameter(`layer${l}_bias`, [width, 1]);
    h = g.sin(linear(g, h, g.scale(weights, OMEGA), g.scale(bias, OMEGA)));
  }
  const head = parameter("head", [width, CHANNELS]);
  return { output: linear(g, h, head, parameter("head_bias", [CHANNELS, 1])), parameters };
}

/** Quantized weights: matrices with 8 bits in blocks of 32, other tensors with 16 bits. */
export interface CompressedSiren {
  /** Dequantized, as a decoder reads them. */
  readonly weights: TrainingWeights;
  /** Encoded size in bytes. */
  readonly bytes: number;
}

/** Quantizes and encodes a trained network. */
export function compressSiren(network: SirenNetwork, trained: TrainingWeights): CompressedSiren {
  const weights: TrainingWeights = new Map([...trained].map(([name, values]) => [name, values.slice()]));
  let bytes = 0;
  for (let n = 0; n < network.networks; n++) {
    const slice = (name: string): Float32Array => {
      const values = requireWeights(weights, name);
      const length = values.length / network.networks;
      return values.subarray(n * length, (n + 1) * length);
    };
    const layers = Array.from(
      { length: network.layers },
      (_, l): PaperLayer => ({
        weights: quantizeBlocks(slice(`layer${l}`), network.width, WEIGHT_FORMAT),
        bias: quantize16(slice(`layer${l}_bias`)),
      }),
    );
    const heads = [quantize16(slice("head")), quantize16(slice("head_bias"))];
    bytes += encodedSize(layers, heads);
    dequantizePaperEncoder({ layers }).forEach((layer: FloatLayer, l) => {
      slice(`layer${l}`).set(layer.weights);
      slice(`layer${l}_bias`).set(layer.bias);
    });
    slice("head").set(dequantizeIntegers(heads[0]));
    slice("head_bias").set(dequantizeIntegers(heads[1]));
  }
  return { weights, bytes };
}

/** Encodes headers and integers with the range coder of the paper profile. Returns the number of bytes. */
function encodedSize(layers: readonly PaperLayer[], heads: readonly ScaledIntegers[]): number {
  const writer = new ByteWriter();
  writeLayerHeaders(writer, layers);
  for (const { step } of heads) writer.f32(step);
  const coder = new RangeEncoder();
  const writeInteger = integerWriter(coder);
  walkLayers(layers, writeInteger);
  for (const head of heads) walkIntegers(head, CHANNELS, writeInteger);
  return writer.bytes(coder.finish()).finish().length;
}
