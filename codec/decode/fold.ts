import type { GroupWeights, PartWeights, SharedEncoder } from "../group/weights.js";
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
import type { OpenedGroup, OpenedPart } from "./group-parts.js";

/** A group prepared for the kernel. Decodes at any size. Independent of the kernel's memory, so that the caller can cache it. */
export type KernelGroup = OpenedGroup<KernelPart>;

/** A part of a KernelGroup: its weights in the order in which the kernel reads them. */
export interface KernelPart extends OpenedPart {
  /** All tiles in 32-bit words: floats and fixed-point values. Heads are empty; they depend on the output format. */
  readonly words: Int32Array;
  readonly tiles: readonly KernelTile[];
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** One tile of a KernelPart. */
export interface KernelTile {
  readonly width: number;
  /** Index in `words` of its first layer. Unused if the asset has a shared encoder, which is stored separately. */
  readonly first: number;
  /** Index in `words` of its other sine layers. */
  readonly dense: number;
  /** Index in `words` of its head. */
  readonly head: number;
  /** [width, 3], as trained. */
  readonly headWeights: Float32Array;
  /** [3], as trained. */
  readonly headBias: Float32Array;
}

/** Returns the factor that converts z to the sine's argument omega * z in turns. */
const turnsScale = (network: TileNetwork): number => network.omega / (2 * Math.PI);

/**
 * Returns, for every feature in the kernel's order (x, sin, cos, sin, cos, ...; then y; then time), its index in
 * the network's order (x, y, sin x, sin y, cos x, cos y, ...; then time).
 */
function featureOrder(network: TileNetwork): number[] {
  const n = axisFeatures(network);
  const order: number[] = [];
  for (let axis = 0; axis < 2; axis++) for (let f = 0; f < n; f++) order.push(2 * f + axis);
  for (let f = 0; f < TIME_FEATURES; f++) order.push(2 * n + f);
  return order;
}

/** Returns the number of floats of a separable first layer. */
function firstLayerSize(network: TileNetwork, outputs: number): number {
  return (inputFeatures(network) + 1) * outputs;
}

/**
 * Reorders and scales a separable layer for the kernel: x[n][outputs], y[n][outputs], t[3][outputs],
 * bias[outputs], in turns.
 */
export function foldSeparable(network: TileNetwork, weights: Float32Array, bias: Float32Array): Float32Array {
  const scale = turnsScale(network);
  const outputs = bias.length;
  const out = new Float32Array(firstLayerSize(network, outputs));
  let at = 0;
  for (const feature of featureOrder(network)) {
    for (let o = 0; o < outputs; o++) out[at++] = weights[feature * outputs + o] * scale;
  }
  for (let o = 0; o < outputs; o++) out[at++] = bias[o] * scale;
  return out;
}

/** Returns the shared encoder as the kernel's first layer; empty if the asset has no shared encoder. */
export function foldEncoder(network: TileNetwork, encoder: SharedEncoder): Float32Array {
  if (network.encoderWidth === 0) return new Float32Array(0);
  return foldSeparable(network, encoder.weights, encoder.bias);
}

/** Returns the number of words of one tile and the offsets of its parts. */
function tileLayout(network: TileNetwork, width: number): { dense: number; head: number; size: number } {
  const hasFirstLayer = network.encoderWidth === 0 && width > 0;
  const dense = hasFirstLayer ? firstLayerSize(network, width) : 0;
  let head = dense;
  for (let layer = hasFirstLayer ? 1 : 0; layer < network.hiddenLayers && width > 0; layer++) {
    head += denseLayerWords(layerInputs(network, width, layer), width);
  }
  return { dense, head, size: head + headWords(width) };
}

/** Reorders and scales the weights of a part for the kernel. */
export function foldPart(network: TileNetwork, part: PartWeights<Float32Array>): KernelPart {
  const layouts = part.tiles.map((tile) => tileLayout(network, tile.width));
  const words = new Int32Array(layouts.reduce((sum, layout) => sum + layout.size, 0));
  const floats = new Float32Array(words.buffer);
  const scale = turnsScale(network);
  let start = 0;
  const tiles = part.tiles.map((tile, t): KernelTile => {
    const layout = layouts[t];
    let at = start + layout.dense;
    tile.hidden.forEach((matrix, layer) => {
      const bias = tile.hiddenBias[layer];
      if (layer === 0 && network.encoderWidth === 0) {
        floats.set(foldSeparable(network, matrix, bias), start);
      } else {
        at = foldDenseLayer({ matrix, bias }, scale, words, at);
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
  const { indices, frameCount, motion, mean, deviation } = part;
  return { indices, frameCount, words, tiles, motion, mean, deviation };
}

/** The head of a tile as trained. */
export type TrainedHead = Pick<KernelTile, "width" | "headWeights" | "headBias">;

/**
 * Returns a function that converts a trained head to one that outputs the given format directly, with weights
 * [width, 3] and bias [3]. This is possible because normalization, color matrix and head are all linear.
 */
export function createHeadFolder(
  part: Pick<GroupWeights<Float32Array>, "mean" | "deviation">,
  format: PixelFormat,
): (head: TrainedHead) => { weights: Float64Array; bias: number[] } {
  const { rows, offset } = outputTransform(format);
  // out[c] = sum over d of transform[c][d] * head[d] + constant[c]
  const transform = rows.map((row) => row.map((value, d) => value * part.deviation[d]));
  const constant = rows.map((row, c) => row.reduce((sum, value, d) => sum + value * part.mean[d], offset[c]));
  const toChannel = (values: Float32Array, at: number, c: number): number => {
    const row = transform[c];
    return row[0] * values[at] + row[1] * values[at + 1] + row[2] * values[at + 2];
  };
  return ({ width, headWeights, headBias }) => {
    const weights = new Float64Array(width * CHANNELS);
    for (let i = 0; i < weights.length; i++)
      weights[i] = toChannel(headWeights, i - (i % CHANNELS), i % CHANNELS);
    return { weights, bias: constant.map((value, c) => value + toChannel(headBias, 0, c)) };
  };
}

/** Writes the heads for an output format into `words`, a copy of the part's words. */
export function foldHeads(part: KernelPart, format: PixelFormat, words: Int32Array): void {
  const fold = createHeadFolder(part, format);
  for (const tile of part.tiles) {
    const { weights, bias } = fold(tile);
    foldHead(weights, bias, words, tile.head);
  }
}
