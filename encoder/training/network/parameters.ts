import {
  CHANNELS,
  decoderInputs,
  headOutputs,
  inputFeatures,
  type PaperNetwork,
  type TileNetwork,
} from "../../../codec/internal.js";
import type { Operations } from "../../graph/operations.js";
import type { Tensor } from "../../graph/tensor.js";

/** Tensors of a layer. */
export interface LayerParameters {
  /** [n, in, out], or the factor U [n, in, rank] of a factored matrix. */
  readonly weights: Tensor;
  /** The factor V [n, out, rank] of a factored matrix. */
  readonly right?: Tensor;
  /** [n, out, 1]. */
  readonly bias: Tensor;
}

/** Parameters of a network, as named inputs of a graph. */
export interface NetworkParameters {
  readonly encoder: readonly LayerParameters[];
  readonly hidden: readonly LayerParameters[];
  readonly head: LayerParameters;
}

/** Returns all tensors of a layer. */
export const layerTensors = ({ weights, right, bias }: LayerParameters): Tensor[] =>
  right === undefined ? [weights, bias] : [weights, right, bias];

function layerParameters(
  g: Operations,
  name: string,
  [count, inputs, outputs]: readonly [count: number, inputs: number, outputs: number],
): LayerParameters {
  return {
    weights: g.input(name, [count, inputs, outputs]),
    bias: g.input(`${name}_bias`, [count, outputs, 1]),
  };
}

/** Creates the inputs for `tiles` decoders of one width, and for the shared encoder if the network has one. */
export function tileParameters(
  g: Operations,
  network: TileNetwork,
  tiles: number,
  width: number,
): NetworkParameters {
  const inputs = decoderInputs(network);
  return {
    encoder:
      network.encoderWidth > 0
        ? [layerParameters(g, "encoder0", [1, inputFeatures(network), network.encoderWidth])]
        : [],
    hidden: Array.from({ length: network.hiddenLayers }, (_, l) =>
      layerParameters(g, `hidden${l}`, [tiles, l === 0 ? inputs : width, width]),
    ),
    head: layerParameters(g, "head", [tiles, width, CHANNELS]),
  };
}

/**
 * Creates the inputs for a paper network: `stacks` hidden stacks (1, or one per frame in phase 1) and one head per frame.
 */
export function paperParameters(
  g: Operations,
  network: PaperNetwork,
  stacks: number,
  frames: number,
): NetworkParameters {
  const { width, factors } = network;
  const hidden = (name: string): LayerParameters => {
    if (factors === undefined) return layerParameters(g, name, [stacks, width, width]);
    const factor = [stacks, width, factors.rank];
    return {
      weights: g.input(name, factor),
      right: g.input(`${name}_right`, factor),
      bias: g.input(`${name}_bias`, [stacks, width, 1]),
    };
  };
  return {
    encoder: Array.from({ length: network.encoderLayers }, (_, l) =>
      layerParameters(g, `encoder${l}`, [1, l === 0 ? inputFeatures(network) : width, width]),
    ),
    hidden: Array.from({ length: network.hiddenLayers }, (_, l) => hidden(`hidden${l}`)),
    head: layerParameters(g, "head", [frames, width, headOutputs(network)]),
  };
}
