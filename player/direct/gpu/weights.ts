import { createHeadFolder } from "../../../codec/decode/fold.js";
import type { OpenedGroup } from "../../../codec/decode/group-parts.js";
import type { PartWeights, SharedEncoder } from "../../../codec/group/weights.js";
import type { TileNetwork } from "../../../codec/internal.js";

/** A group's weights in the layout of the shader: vectors of four floats. */
export interface FlatGroup {
  readonly weights: Float32Array<ArrayBuffer>;
  /** The offset of the weights of each tile of the frame and the tile's width, both in vectors. */
  readonly tiles: readonly { readonly offset: number; readonly width: number }[];
}

/** Writes a bias [outputs] and a matrix [rows, outputs], both scaled. Returns the offset after them, in floats. */
function writeLayer(
  out: Float32Array,
  start: number,
  { matrix, bias }: { readonly matrix: Float32Array; readonly bias: Float32Array },
  scale: number,
): number {
  let offset = start;
  for (const value of bias) out[offset++] = value * scale;
  for (const value of matrix) out[offset++] = value * scale;
  return offset;
}

/**
 * Flattens a group's weights for the shader. The rows of the first layer keep the network's order: x, y, sin x, sin y,
 * cos x, cos y, ..., then time.
 */
export function flattenGroup(
  network: TileNetwork,
  encoder: SharedEncoder,
  { parts, partOf, tileIn }: OpenedGroup<PartWeights<Float32Array>>,
): FlatGroup {
  // The arguments of sines are in turns.
  const scale = network.omega / (2 * Math.PI);
  const sharedSize = network.encoderWidth === 0 ? 0 : encoder.weights.length + encoder.bias.length;
  const tilesOfFrame = Array.from(partOf, (part, tile) => parts[part]!.part.tiles[tileIn[tile]!]!);
  const tileSizes = tilesOfFrame.map(({ hidden, hiddenBias, width }) =>
    hidden.reduce((sum, matrix, layer) => sum + matrix.length + hiddenBias[layer]!.length, 4 * (width + 1)),
  );
  const weights = new Float32Array(tileSizes.reduce((sum, size) => sum + size, sharedSize));
  if (sharedSize > 0) writeLayer(weights, 0, { matrix: encoder.weights, bias: encoder.bias }, scale);
  const headFolders = parts.map(({ part }) => createHeadFolder(part, "rgba"));
  let offset = sharedSize;
  const tiles = tilesOfFrame.map(({ width, hidden, hiddenBias, head, headBias }, tileIndex) => {
    const tile = { offset: offset / 4, width: width / 4 };
    hidden.forEach((matrix, layer) => {
      offset = writeLayer(weights, offset, { matrix, bias: hiddenBias[layer]! }, scale);
    });
    // The head has three outputs; each of its rows is padded to a vector.
    const folded = headFolders[partOf[tileIndex]!]!({ width, headWeights: head, headBias });
    weights.set(folded.bias, offset);
    for (let i = 0; i < width; i++) {
      const row = folded.weights.subarray(3 * i, 3 * i + 3);
      weights.set(row, offset + 4 + 4 * i);
    }
    offset += 4 * (width + 1);
    return tile;
  });
  return { weights, tiles };
}
