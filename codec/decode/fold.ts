import type { GroupDecoders, SharedEncoder } from "../group/weights.js";
import { layerInputs } from "../group/weights.js";
import {
  axisFeatures,
  CHANNELS,
  inputFeatures,
  TIME_FEATURES,
  type TileNetwork,
} from "../network/definition.js";
import { outputTransform, type PixelFormat } from "./color.js";
import { denseLayerWords, foldDenseLayer, foldHead, headWords } from "./fixed-point.js";

/** A group's weights in the order in which the kernel reads them. */
export interface FoldedGroup {
  readonly index: number;
  readonly frameCount: number;
  /** Whether its first frame begins a scene. */
  readonly startsScene: boolean;
  /** All tiles one after the other, in words of 32 bits: floats and fixed-point numbers; heads are left empty. */
  readonly words: Int32Array;
  readonly tiles: readonly FoldedTile[];
  /** [tiles, frames, 2], tile-local units. */
  readonly motion: Float32Array;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface FoldedTile {
  readonly width: number;
  /** Where its first layer begins in `words`; the shared encoder, if there is one, is elsewhere. */
  readonly first: number;
  /** Where its remaining sine layers begin. */
  readonly dense: number;
  /** Where its head begins. */
  readonly head: number;
  /** As trained: [width, 3], then [3]. */
  readonly headWeights: Float32Array;
  readonly headBias: Float32Array;
}

/** What `omega * z` is in turns. */
const turns = (network: TileNetwork): number => network.omega / (2 * Math.PI);

/**
 * Where feature `feature` of the kernel's order (x, sin, cos, sin, cos, ...; then y; then time) stands in
 * the network's (x, y, sin x, sin y, cos x, cos y, ...; then time).
 */
function featureOrder(network: TileNetwork): number[] {
  const n = axisFeatures(network);
  const order: number[] = [];
  for (let axis = 0; axis < 2; axis++) for (let f = 0; f < n; f++) order.push(2 * f + axis);
  for (let f = 0; f < TIME_FEATURES; f++) order.push(2 * n + f);
  return order;
}

/** Floats of a separable first layer of `outputs`. */
function firstLayerSize(network: TileNetwork, outputs: number): number {
  return (inputFeatures(network) + 1) * outputs;
}

/** A separable layer by itself: x[n][outputs], y[n][outputs], t[3][outputs], bias[outputs] in turns. */
export function foldSeparable(network: TileNetwork, weights: Float32Array, bias: Float32Array): Float32Array {
  const out = new Float32Array(firstLayerSize(network, bias.length));
  foldFirstLayer(turns(network), featureOrder(network), weights, bias, out, 0);
  return out;
}

/** Writes x[n][outputs], y[n][outputs], t[3][outputs], bias[outputs] in turns. */
function foldFirstLayer(
  scale: number,
  order: readonly number[],
  weights: Float32Array,
  bias: Float32Array,
  out: Float32Array,
  at: number,
): void {
  const outputs = bias.length;
  for (let row = 0; row < order.length; row++) {
    const from = order[row] * outputs;
    for (let o = 0; o < outputs; o++) out[at++] = weights[from + o] * scale;
  }
  for (let o = 0; o < outputs; o++) out[at++] = bias[o] * scale;
}

/** The shared encoder as the kernel's first layer; empty where there is none. */
export function foldEncoder(network: TileNetwork, encoder: SharedEncoder): Float32Array {
  if (network.encoderWidth === 0) return new Float32Array(0);
  return foldSeparable(network, encoder.weights, encoder.bias);
}

/** Words of one tile and where its parts begin in them. */
function tileLayout(network: TileNetwork, width: number): { dense: number; head: number; size: number } {
  const own = network.encoderWidth === 0 && width > 0;
  const dense = own ? firstLayerSize(network, width) : 0;
  let head = dense;
  for (let layer = own ? 1 : 0; layer < network.hiddenLayers && width > 0; layer++) {
    head += denseLayerWords(layerInputs(network, width, layer), width);
  }
  return { dense, head, size: head + headWords(width) };
}

/** Reorders and scales a group's weights for the kernel. */
export function foldGroup(
  network: TileNetwork,
  index: number,
  group: GroupDecoders<Float32Array>,
): FoldedGroup {
  const layouts = group.tiles.map((tile) => tileLayout(network, tile.width));
  const words = new Int32Array(layouts.reduce((sum, layout) => sum + layout.size, 0));
  const floats = new Float32Array(words.buffer);
  const scale = turns(network);
  const order = featureOrder(network);
  let start = 0;
  const tiles = group.tiles.map((tile, t): FoldedTile => {
    const layout = layouts[t];
    let at = start + layout.dense;
    tile.hidden.forEach((matrix, layer) => {
      const bias = tile.hiddenBias[layer];
      if (layer === 0 && network.encoderWidth === 0) {
        foldFirstLayer(scale, order, matrix, bias, floats, start);
      } else {
        at = foldDenseLayer(matrix, bias, scale, words, at);
      }
    });
    const folded = {
      width: tile.width,
      first: start,
      dense: start + layout.dense,
      head: start + layout.head,
      headWeights: tile.head,
      headBias: tile.headBias,
    };
    start += layout.size;
    return folded;
  });
  const { frameCount, startsScene = false, motion, mean, deviation } = group;
  return { index, frameCount, startsScene, words, tiles, motion, mean, deviation };
}

/** What a head is folded from. */
export type TrainedHead = Pick<FoldedTile, "width" | "headWeights" | "headBias">;

/**
 * A function that makes of a tile's head one that gives the output format directly: normalization and color
 * matrix are linear, as the head is. -> weights [width, 3], bias [3].
 */
export function headFolder(
  group: Pick<FoldedGroup, "mean" | "deviation">,
  format: PixelFormat,
): (head: TrainedHead) => { weights: Float64Array; bias: number[] } {
  const { rows, offset } = outputTransform(format);
  // out[c] = sum over d of transform[c][d] * head[d] + constant[c]
  const transform = rows.map((row) => row.map((value, d) => value * group.deviation[d]));
  const constant = rows.map((row, c) =>
    row.reduce((sum, value, d) => sum + value * group.mean[d], offset[c]),
  );
  const through = (from: Float32Array, at: number, c: number): number => {
    const row = transform[c];
    return row[0] * from[at] + row[1] * from[at + 1] + row[2] * from[at + 2];
  };
  return ({ width, headWeights, headBias }) => {
    const weights = new Float64Array(width * CHANNELS);
    for (let i = 0; i < weights.length; i++)
      weights[i] = through(headWeights, i - (i % CHANNELS), i % CHANNELS);
    return { weights, bias: constant.map((value, c) => value + through(headBias, 0, c)) };
  };
}

/** Writes heads of the output format into `words`, a copy of the group's. */
export function foldHeads(group: FoldedGroup, format: PixelFormat, words: Int32Array): void {
  const fold = headFolder(group, format);
  for (const tile of group.tiles) {
    const { weights, bias } = fold(tile);
    foldHead(weights, bias, words, tile.head);
  }
}
