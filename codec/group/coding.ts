import { IntegerModels } from "../entropy/integer.js";
import type { RangeDecoder, RangeEncoder } from "../entropy/range-coder.js";
import { CHANNELS, decoderInputs, type TileNetwork } from "../network/definition.js";
import type { QuantizedGroup } from "./quantize.js";
import { layerInputs } from "./weights.js";

/**
 * Codes `count` integers of `values`, from `at` on, `stride` apart (1 and 1), or fills them in; `predicted`
 * is subtracted before coding.
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

export function integerWriter(coder: RangeEncoder): IntegerCoder {
  return (models, context, values, at, predicted, count = 1, stride = 1) => {
    for (let i = 0; i < count; i++) models.encode(coder, context, values[at + i * stride] - predicted);
  };
}

export function integerReader(coder: RangeDecoder): IntegerCoder {
  return (models, context, values, at, predicted, count = 1, stride = 1) => {
    models.decode(coder, context, values, at, count, stride);
    if (predicted !== 0) for (let i = 0; i < count; i++) values[at + i * stride] += predicted;
  };
}

/**
 * Visits every integer of a group in the order of the file. Writer and reader share this walk, so
 * that they cannot disagree. Contexts: an input feature in the first layer (their weights differ
 * much), a layer in the others, an output channel in the head; motion is predicted from the frame before.
 */
export function walkGroup(network: TileNetwork, group: QuantizedGroup, code: IntegerCoder): void {
  const motion = new IntegerModels(4);
  const frames = group.frameCount;
  for (let tile = 0; tile < group.tiles.length; tile++) {
    if (group.tiles[tile].width === 0) continue;
    for (let frame = 0; frame < frames; frame++) {
      for (let axis = 0; axis < 2; axis++) {
        const at = (tile * frames + frame) * 2 + axis;
        code(motion, frame === 0 ? axis : 2 + axis, group.motion, at, frame === 0 ? 0 : group.motion[at - 2]);
      }
    }
  }
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    const weights = new IntegerModels(layer === 0 ? decoderInputs(network) : 1);
    const biases = new IntegerModels(1);
    for (const tile of group.tiles) {
      if (tile.width === 0) continue;
      const inputs = layerInputs(network, tile.width, layer);
      const matrix = tile.hidden[layer];
      if (layer === 0) {
        for (let i = 0; i < inputs; i++) code(weights, i, matrix, i * tile.width, 0, tile.width);
      } else {
        code(weights, 0, matrix, 0, 0, matrix.length);
      }
      code(biases, 0, tile.hiddenBias[layer], 0, 0, tile.width);
    }
  }
  const head = new IntegerModels(CHANNELS);
  const headBias = new IntegerModels(CHANNELS);
  for (const tile of group.tiles) {
    for (let i = 0; i < tile.width; i++) {
      for (let c = 0; c < CHANNELS; c++) code(head, c, tile.head, i * CHANNELS + c, 0);
    }
    for (let c = 0; c < CHANNELS; c++) code(headBias, c, tile.headBias, c, 0);
  }
}
