import { headFolder } from "../../../codec/decode/fold.js";
import type { GroupDecoders, SharedEncoder } from "../../../codec/group/weights.js";
import type { TileNetwork } from "../../../codec/internal.js";

/** A group's weights as the shader reads them: vectors of four floats. */
export interface FlatGroup {
  readonly weights: Float32Array<ArrayBuffer>;
  /** The vector at which each tile begins, and its width in vectors. */
  readonly tiles: readonly { readonly at: number; readonly width: number }[];
}

/** Writes [rows, outputs] behind [outputs], times a factor. -> the float behind them. */
function writeLayer(
  out: Float32Array,
  start: number,
  matrix: Float32Array,
  bias: Float32Array,
  scale: number,
): number {
  let at = start;
  for (const value of bias) out[at++] = value * scale;
  for (const value of matrix) out[at++] = value * scale;
  return at;
}

/** The first layer's rows are x, y, sin x, sin y, cos x, cos y, ..., then time: the network's own order. */
export function flattenGroup(
  network: TileNetwork,
  encoder: SharedEncoder,
  group: GroupDecoders<Float32Array>,
): FlatGroup {
  // Arguments of sines in turns.
  const scale = network.omega / (2 * Math.PI);
  const shared = network.encoderWidth === 0 ? 0 : encoder.weights.length + encoder.bias.length;
  const sizes = group.tiles.map(({ hidden, hiddenBias, width }) =>
    hidden.reduce((sum, matrix, l) => sum + matrix.length + hiddenBias[l]!.length, 4 * (width + 1)),
  );
  const weights = new Float32Array(sizes.reduce((sum, size) => sum + size, shared));
  if (shared > 0) writeLayer(weights, 0, encoder.weights, encoder.bias, scale);
  const fold = headFolder(group, "rgba");
  let at = shared;
  const tiles = group.tiles.map(({ width, hidden, hiddenBias, head, headBias }) => {
    const place = { at: at / 4, width: width / 4 };
    hidden.forEach((matrix, layer) => {
      at = writeLayer(weights, at, matrix, hiddenBias[layer]!, scale);
    });
    const folded = fold({ width, headWeights: head, headBias });
    weights.set(folded.bias, at);
    for (let i = 0; i < width; i++) weights.set(folded.weights.subarray(3 * i, 3 * i + 3), at + 4 + 4 * i);
    at += 4 * (width + 1);
    return place;
  });
  return { weights, tiles };
}
