import type { GroupDecoders, SharedEncoder } from "../group/weights.js";
import { layerInputs } from "../group/weights.js";
import {
  axisFeatures,
  CHANNELS,
  inputFeatures,
  TIME_FEATURES,
  type TileNetwork,
} from "../network/definition.js";
import { outputTransform, type PixelFormat } from "./colour.js";

/** A group's weights in the order in which the kernel reads them. */
export interface FoldedGroup {
  readonly index: number;
  readonly frameCount: number;
  /** All tiles one after the other; sine layers in turns, heads as trained. */
  readonly floats: Float32Array;
  readonly tiles: readonly FoldedTile[];
  /** [tiles, frames, 2], tile-local units. */
  readonly motion: Float32Array;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface FoldedTile {
  readonly width: number;
  /** Where its first layer begins in `floats`; the shared encoder, if there is one, is elsewhere. */
  readonly first: number;
  /** Where its remaining sine layers begin. */
  readonly dense: number;
  /** Where its head begins: [width, 3], then [3]. */
  readonly head: number;
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

/** Writes x[n][outputs], y[n][outputs], t[3][outputs], bias[outputs] in turns. */
function foldFirstLayer(
  network: TileNetwork,
  weights: Float32Array,
  bias: Float32Array,
  outputs: number,
  out: Float32Array,
): void {
  const scale = turns(network);
  featureOrder(network).forEach((feature, row) => {
    for (let o = 0; o < outputs; o++) out[row * outputs + o] = weights[feature * outputs + o] * scale;
  });
  const at = inputFeatures(network) * outputs;
  for (let o = 0; o < outputs; o++) out[at + o] = bias[o] * scale;
}

/** The shared encoder as the kernel's first layer; empty where there is none. */
export function foldEncoder(network: TileNetwork, encoder: SharedEncoder): Float32Array {
  const out = new Float32Array(firstLayerSize(network, network.encoderWidth));
  if (network.encoderWidth > 0)
    foldFirstLayer(network, encoder.weights, encoder.bias, network.encoderWidth, out);
  return out;
}

/** Floats of one tile and where its parts begin in them. */
function tileLayout(network: TileNetwork, width: number): { dense: number; head: number; size: number } {
  const own = network.encoderWidth === 0 && width > 0;
  const dense = own ? firstLayerSize(network, width) : 0;
  let head = dense;
  for (let layer = own ? 1 : 0; layer < network.hiddenLayers && width > 0; layer++) {
    head += (layerInputs(network, width, layer) + 1) * width;
  }
  const size = head + (width + 1) * CHANNELS;
  return { dense, head, size: size + (-size & 3) };
}

/** Reorders and scales a group's weights for the kernel. */
export function foldGroup(
  network: TileNetwork,
  index: number,
  group: GroupDecoders<Float32Array>,
): FoldedGroup {
  const layouts = group.tiles.map((tile) => tileLayout(network, tile.width));
  const floats = new Float32Array(layouts.reduce((sum, layout) => sum + layout.size, 0));
  const scale = turns(network);
  let start = 0;
  const tiles = group.tiles.map((tile, t): FoldedTile => {
    const layout = layouts[t];
    let at = start;
    tile.hidden.forEach((matrix, layer) => {
      const bias = tile.hiddenBias[layer];
      if (layer === 0 && network.encoderWidth === 0) {
        foldFirstLayer(network, matrix, bias, tile.width, floats.subarray(at, at + layout.dense));
        at += layout.dense;
        return;
      }
      for (const value of matrix) floats[at++] = value * scale;
      for (const value of bias) floats[at++] = value * scale;
    });
    floats.set(tile.head, at);
    floats.set(tile.headBias, at + tile.head.length);
    const folded = {
      width: tile.width,
      first: start,
      dense: start + layout.dense,
      head: start + layout.head,
    };
    start += layout.size;
    return folded;
  });
  const { frameCount, motion, mean, deviation } = group;
  return { index, frameCount, floats, tiles, motion, mean, deviation };
}

/**
 * Replaces the heads in `floats` (a copy of the group's) by heads that give the output format directly:
 * normalisation and colour matrix are linear, as the head is.
 */
export function foldHeads(group: FoldedGroup, format: PixelFormat, floats: Float32Array): void {
  const { rows, offset } = outputTransform(format);
  for (const tile of group.tiles) {
    const bias = tile.head + tile.width * CHANNELS;
    for (let at = tile.head; at <= bias; at += CHANNELS) {
      const constant = at === bias;
      const rgb = [0, 1, 2].map(
        (c) => group.floats[at + c] * group.deviation[c] + (constant ? group.mean[c] : 0),
      );
      for (let c = 0; c < CHANNELS; c++) {
        const row = rows[c];
        floats[at + c] = row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2] + (constant ? offset[c] : 0);
      }
    }
  }
}
