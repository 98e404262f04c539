import {
  CHANNELS,
  decoderInputs,
  inputFeatures,
  type PaperNetwork,
  type TileNetwork,
} from "../../codec/index.js";
import type { Operations } from "../graph/operations.js";
import type { Tensor } from "../graph/tensor.js";

/** Named tensors of a network in the order of the graph's inputs; biases are [n, out, 1]. */
export interface NetworkParameters {
  readonly encoder: readonly { readonly weights: Tensor; readonly bias: Tensor }[];
  readonly hidden: readonly { readonly weights: Tensor; readonly bias: Tensor }[];
  readonly head: { readonly weights: Tensor; readonly bias: Tensor };
}

function layer(g: Operations, name: string, count: number, inputs: number, outputs: number) {
  return {
    weights: g.input(name, [count, inputs, outputs]),
    bias: g.input(`${name}_bias`, [count, outputs, 1]),
  };
}

/** Parameters of `tiles` decoders of one width, and of the shared encoder if there is one. */
export function tileParameters(
  g: Operations,
  network: TileNetwork,
  tiles: number,
  width: number,
): NetworkParameters {
  const inputs = decoderInputs(network);
  return {
    encoder:
      network.encoderWidth > 0 ? [layer(g, "encoder0", 1, inputFeatures(network), network.encoderWidth)] : [],
    hidden: Array.from({ length: network.hiddenLayers }, (_, l) =>
      layer(g, `hidden${l}`, tiles, l === 0 ? inputs : width, width),
    ),
    head: layer(g, "head", tiles, width, CHANNELS),
  };
}

/** Parameters of the paper's network: `stacks` hidden stacks (1, or one a frame in phase 1) and a head a frame. */
export function paperParameters(
  g: Operations,
  network: PaperNetwork,
  stacks: number,
  frames: number,
): NetworkParameters {
  const { width } = network;
  return {
    encoder: Array.from({ length: network.encoderLayers }, (_, l) =>
      layer(g, `encoder${l}`, 1, l === 0 ? inputFeatures(network) : width, width),
    ),
    hidden: Array.from({ length: network.hiddenLayers }, (_, l) =>
      layer(g, `hidden${l}`, stacks, width, width),
    ),
    head: layer(g, "head", frames, width, CHANNELS),
  };
}
