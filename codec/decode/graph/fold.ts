import type { GroupDecoders } from "../../group/weights.js";
import { CHANNELS, type TileNetwork } from "../../network/definition.js";
import { type FoldedLayer, foldLayer } from "../../onnx/layer.js";
import type { PixelFormat } from "../color.js";
import type { Motion } from "../displacement.js";
import { foldSeparable, headFolder } from "../fold.js";

/** A group of the tile profile in floats, for the graph; plain memory, kept as long as the caller likes. */
export interface TileGraphGroup extends Motion {
  readonly index: number;
  /** Whether its first frame begins a scene. */
  readonly startsScene: boolean;
  readonly tiles: readonly GraphTile[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** One tile of it. */
export interface GraphTile {
  readonly width: number;
  /** Its separable layer (see foldSeparable); undefined where the shared encoder is it, or there is none. */
  readonly first: Float32Array | undefined;
  readonly dense: readonly FoldedLayer[];
  /** As trained: [width, 3], then [3]. */
  readonly headWeights: Float32Array;
  readonly headBias: Float32Array;
}

export function foldGraphGroup(
  network: TileNetwork,
  index: number,
  group: GroupDecoders<Float32Array>,
): TileGraphGroup {
  const own = network.encoderWidth === 0;
  const tiles = group.tiles.map(({ width, hidden, hiddenBias, head, headBias }): GraphTile => {
    const layers = hidden.map((weights, l) => ({ weights, bias: hiddenBias[l] }));
    const separable = own ? layers.shift() : undefined;
    return {
      width,
      first: separable && foldSeparable(network, separable.weights, separable.bias),
      dense: layers.map(({ weights, bias }) => foldLayer(network.omega, weights, bias)),
      headWeights: head,
      headBias,
    };
  });
  const { frameCount, startsScene = false, motion, mean, deviation } = group;
  return { index, frameCount, startsScene, tiles, motion, mean, deviation };
}

/** The heads of all tiles, giving the output format directly, 0 to 255: [3, width] and [3]. */
export function foldGraphHeads(group: TileGraphGroup, format: PixelFormat): FoldedLayer[] {
  const fold = headFolder(group, format);
  return group.tiles.map((tile) => {
    const { weights, bias } = fold(tile);
    const transposed = new Float32Array(weights.length);
    for (let i = 0; i < weights.length; i++) {
      transposed[(i % CHANNELS) * tile.width + Math.floor(i / CHANNELS)] = weights[i];
    }
    return { weights: transposed, bias: Float32Array.from(bias) };
  });
}
