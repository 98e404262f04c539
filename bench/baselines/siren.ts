import { RangeEncoder } from "../../codec/entropy/range-coder.js";
import { integerWriter } from "../../codec/group/coding.js";
import {
  ByteWriter,
  CHANNELS,
  type FloatLayer,
  type PaperLayer,
  paperEncoderValues,
  type ScaledIntegers,
  scaledValues,
} from "../../codec/internal.js";
import { walkIntegers, walkLayers, writeLayerHeaders } from "../../codec/paper/coding.js";
import type { Operations } from "../../encoder/graph/operations.js";
import type { Tensor } from "../../encoder/graph/tensor.js";
import { quantise16, quantizeBlocks } from "../../encoder/paper/half-quadratic.js";
import { type TrainingWeights, weightsOf } from "../../encoder/tile/weights.js";
import { linear } from "../../encoder/training/network/encoding.js";
import { Random } from "../../encoder/training/sampling/random.js";

/**
 * Conventional implicit networks: sine layers over coordinates and a linear head to R'G'B' (V. Sitzmann et al. 2020,
 * "SIREN"). One over (x, y, t) for a whole clip, or `networks` of their own over (x, y), one a frame (E. Dupont et al.
 * 2021, "COIN"), which are trained side by side.
 */
export interface SirenNetwork {
  readonly networks: number;
  readonly inputs: 2 | 3;
  readonly width: number;
  /** Sine layers. */
  readonly layers: number;
}

const OMEGA = 30;
/** As the paper profile stores its shared encoder. */
const FORMAT = { bits: 8, block: 32 };
/** Bits that a stored weight takes at least. */
const BITS = 8;

const inputsOf = ({ inputs, width }: SirenNetwork, layer: number): number => (layer === 0 ? inputs : width);

/** The greatest width at which a network, stored with its first weights, takes at most so many bytes. */
export function widthOf(bytes: number, inputs: 2 | 3, layers: number): number {
  const about = (width: number) => (width * (inputs + (layers - 1) * width) * BITS) / 8;
  let width = 4;
  while (about(width + 1) <= bytes) width++;
  for (; width > 4; width--) {
    const network = { networks: 1, inputs, width, layers };
    if (storeSiren(network, initialSiren(network, new Random(1))).bytes <= bytes) break;
  }
  return width;
}

/**
 * Learning rate of both kinds: of rates in steps of three, 3e-3 was the best over (x, y, t) at width 106 and 1e-2 a frame
 * at width 24 (frames 40 to 59 of bunny at 160 x 90, 300 steps); first weights shrink with the width too.
 */
export const sirenRate = ({ width }: SirenNetwork): number => 0.3 / width;

/** The published first weights: the first layer within 1 / inputs, later ones within sqrt(6 / width) / omega. */
export function initialSiren(network: SirenNetwork, random: Random): TrainingWeights {
  const { networks, width, layers } = network;
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => random.symmetric(bound));
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

/** The network's tensors and, at positions [1, inputs, B], its output [networks, 3, B]. */
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

/** Weights as a decoder would read them, and the bytes that store them: matrices of 8 bits in blocks of 32, else 16. */
export interface StoredSiren {
  readonly weights: TrainingWeights;
  readonly bytes: number;
}

export function storeSiren(network: SirenNetwork, trained: TrainingWeights): StoredSiren {
  const weights: TrainingWeights = new Map([...trained].map(([name, values]) => [name, values.slice()]));
  let bytes = 0;
  for (let n = 0; n < network.networks; n++) {
    const part = (name: string): Float32Array => {
      const values = weightsOf(weights, name);
      const length = values.length / network.networks;
      return values.subarray(n * length, (n + 1) * length);
    };
    const layers = Array.from(
      { length: network.layers },
      (_, l): PaperLayer => ({
        weights: quantizeBlocks(part(`layer${l}`), network.width, FORMAT),
        bias: quantise16(part(`layer${l}_bias`)),
      }),
    );
    const heads = [quantise16(part("head")), quantise16(part("head_bias"))];
    bytes += codedBytes(layers, heads);
    paperEncoderValues({ layers }).forEach((layer: FloatLayer, l) => {
      part(`layer${l}`).set(layer.weights);
      part(`layer${l}_bias`).set(layer.bias);
    });
    part("head").set(scaledValues(heads[0]));
    part("head_bias").set(scaledValues(heads[1]));
  }
  return { weights, bytes };
}

/** Fields and range-coded integers, by the paper profile's coder. */
function codedBytes(layers: readonly PaperLayer[], heads: readonly ScaledIntegers[]): number {
  const writer = new ByteWriter();
  writeLayerHeaders(writer, layers);
  for (const { step } of heads) writer.f32(step);
  const coder = new RangeEncoder();
  const code = integerWriter(coder);
  walkLayers(layers, code);
  for (const head of heads) walkIntegers(head, CHANNELS, code);
  return writer.bytes(coder.finish()).finish().length;
}
