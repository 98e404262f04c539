import type { PartWeights } from "../../group/weights.js";
import { CHANNELS, type TileNetwork } from "../../network/definition.js";
import { type FoldedLayer, foldLayer } from "../../onnx/session.js";
import type { PixelFormat } from "../color.js";
import { createHeadFolder, foldSeparable } from "../fold.js";
import type { OpenedGroup, OpenedPart } from "../group-parts.js";

/** A group of the tile profile prepared for the graph, in floats. The caller can cache it. */
export type TileGraphGroup = OpenedGroup<GraphPart>;

/** A part of a TileGraphGroup. */
export interface GraphPart extends OpenedPart {
  readonly tiles: readonly GraphTile[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** One tile of a GraphPart. */
export interface GraphTile {
  readonly width: number;
  /** Its separable layer (see foldSeparable); undefined if the shared encoder replaces it, or if width is 0. */
  readonly first: Float32Array | undefined;
  readonly dense: readonly FoldedLayer[];
  /** [width, 3], as trained. */
  readonly headWeights: Float32Array;
  /** [3], as trained. */
  readonly headBias: Float32Array;
}

/** Transposes and scales the weights of a part for the graph. */
export function foldGraphPart(network: TileNetwork, part: PartWeights<Float32Array>): GraphPart {
  const hasFirstLayer = network.encoderWidth === 0;
  const tiles = part.tiles.map(({ width, hidden, hiddenBias, head, headBias }): GraphTile => {
    const layers = hidden.map((weights, l) => ({ weights, bias: hiddenBias[l] }));
    const separable = hasFirstLayer ? layers.shift() : undefined;
    return {
      width,
      first: separable && foldSeparable(network, separable.weights, separable.bias),
      dense: layers.map(({ weights, bias }) => foldLayer(network.omega, weights, bias)),
      headWeights: head,
      headBias,
    };
  });
  const { indices, frameCount, motion, mean, deviation } = part;
  return { indices, frameCount, tiles, motion, mean, deviation };
}

/** Returns the heads of the tiles of a part, [3, width] and [3], which output the given format directly, 0 to 255. */
export function foldGraphHeads(part: GraphPart, format: PixelFormat): FoldedLayer[] {
  const fold = createHeadFolder(part, format);
  return part.tiles.map((tile) => {
    const { weights, bias } = fold(tile);
    const transposed = new Float32Array(weights.length);
    for (let i = 0; i < weights.length; i++) {
      transposed[(i % CHANNELS) * tile.width + Math.floor(i / CHANNELS)] = weights[i];
    }
    return { weights: transposed, bias: Float32Array.from(bias) };
  });
}
