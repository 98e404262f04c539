import { IntegerModels } from "../entropy/integer.js";
import type { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { CHANNELS, decoderInputs, type TileNetwork } from "../network/definition.js";
import type { QuantizedGroup } from "./quantize.js";
import { layerInputs } from "./weights.js";

/**
 * Encodes `count` integers of `values` (`values[at]`, `values[at + stride]`, ...), or decodes them into it.
 * `predicted` is subtracted before coding. `count` and `stride` default to 1. Called once per integer:
 * arguments are positional for speed.
 */
export type IntegerCoder = (
  models: IntegerModels,
  context: number,
  values: Int32Array,
  at: number,
  predicted: number,
  count?: number,
  stride?: number,
) => void;

/** Returns an IntegerCoder that encodes. */
export function integerWriter(coder: RangeEncoder): IntegerCoder {
  return (models, context, values, at, predicted, count = 1, stride = 1) => {
    for (let i = 0; i < count; i++) models.encode(coder, context, values[at + i * stride] - predicted);
  };
}

/** Returns an IntegerCoder that decodes. */
export function integerReader(coder: RangeDecoder): IntegerCoder {
  return (models, context, values, at, predicted, count = 1, stride = 1) => {
    models.decode(coder, context, values, at, count, stride);
    if (predicted !== 0) for (let i = 0; i < count; i++) values[at + i * stride] += predicted;
  };
}

/**
 * Visits the map of the tiles that a part holds: 1 for these tiles, 0 for the others, in row-major order. The context of a
 * tile is its left and its upper neighbor, because tiles with long spans are neighbors.
 */
export function walkTileMap({ rows, columns }: TileNetwork, map: Int32Array, code: IntegerCoder): void {
  const models = new IntegerModels(4);
  for (let tile = 0; tile < rows * columns; tile++) {
    const left = tile % columns > 0 && map[tile - 1] !== 0 ? 1 : 0;
    const upper = tile >= columns && map[tile - columns] !== 0 ? 2 : 0;
    code(models, left + upper, map, tile, 0);
  }
}

/**
 * Visits every integer of a group, or of a part after its map, in file order. Writer and reader share this function, so that they cannot
 * disagree. There is one context per input feature in the first layer (whose weights differ widely), per layer
 * in the others, and per output channel in the head. Motion is predicted from the previous frame.
 */
export function walkGroup(network: TileNetwork, group: QuantizedGroup, code: IntegerCoder): void {
  const motionModels = new IntegerModels(4);
  const frames = group.frameCount;
  for (let tile = 0; tile < group.tiles.length; tile++) {
    if (group.tiles[tile].width === 0) continue;
    for (let frame = 0; frame < frames; frame++) {
      for (let axis = 0; axis < 2; axis++) {
        const at = (tile * frames + frame) * 2 + axis;
        const predicted = frame === 0 ? 0 : group.motion[at - 2];
        code(motionModels, frame === 0 ? axis : 2 + axis, group.motion, at, predicted);
      }
    }
  }
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    const weightModels = new IntegerModels(layer === 0 ? decoderInputs(network) : 1);
    const biasModels = new IntegerModels(1);
    for (const tile of group.tiles) {
      if (tile.width === 0) continue;
      const inputs = layerInputs(network, tile.width, layer);
      const matrix = tile.hidden[layer];
      if (layer === 0) {
        for (let i = 0; i < inputs; i++) code(weightModels, i, matrix, i * tile.width, 0, tile.width);
      } else {
        code(weightModels, 0, matrix, 0, 0, matrix.length);
      }
      code(biasModels, 0, tile.hiddenBias[layer], 0, 0, tile.width);
    }
  }
  const headModels = new IntegerModels(CHANNELS);
  const headBiasModels = new IntegerModels(CHANNELS);
  for (const tile of group.tiles) {
    for (let i = 0; i < tile.width; i++) {
      for (let c = 0; c < CHANNELS; c++) code(headModels, c, tile.head, i * CHANNELS + c, 0);
    }
    for (let c = 0; c < CHANNELS; c++) code(headBiasModels, c, tile.headBias, c, 0);
  }
}
