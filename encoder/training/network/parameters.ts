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

/** A layer's tensors; bias [n, out, 1]. */
export interface LayerParameters {
  /** [n, in, out], or of a factored matrix U [n, in, rank]. */
  readonly weights: Tensor;
  /** V [n, out, rank] of a factored matrix. */
  readonly right?: Tensor;
  readonly bias: Tensor;
}

/** Named tensors of a network in the order of the graph's inputs. */
export interface NetworkParameters {
  readonly encoder: readonly LayerParameters[];
  readonly hidden: readonly LayerParameters[];
  readonly head: LayerParameters;
}

/** All tensors of a layer. */
export const layerTensors = ({ weights, right, bias }: LayerParameters): Tensor[] =>
  right === undefined ? [weights, bias] : [weights, right, bias];

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
  const { width, factors } = network;
  const hidden = (name: string): LayerParameters => {
    if (factors === undefined) return layer(g, name, stacks, width, width);
    const factor = [stacks, width, factors.rank];
    return {
      weights: g.input(name, factor),
      right: g.input(`${name}_right`, factor),
      bias: g.input(`${name}_bias`, [stacks, width, 1]),
    };
  };
  return {
    encoder: Array.from({ length: network.encoderLayers }, (_, l) =>
      layer(g, `encoder${l}`, 1, l === 0 ? inputFeatures(network) : width, width),
    ),
    hidden: Array.from({ length: network.hiddenLayers }, (_, l) => hidden(`hidden${l}`)),
    head: layer(g, "head", frames, width, headOutputs(network)),
  };
}
