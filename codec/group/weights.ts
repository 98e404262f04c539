import { CHANNELS, decoderInputs, inputFeatures, type TileNetwork } from "../network/definition.js";

/**
 * One tile's decoder. Matrices are [in, out] in row-major order; `T` is the storage: floats, or the
 * integers they are quantized to.
 */
export interface TileWeights<T extends Float32Array | Int32Array> {
  /** Width of the sine layers; 0 is a constant color (only `headBias`). */
  readonly width: number;
  /** A matrix a sine layer: [inputs, width], then [width, width]. */
  readonly hidden: readonly T[];
  /** [width] a sine layer. */
  readonly hiddenBias: readonly T[];
  /** [width, 3]. */
  readonly head: T;
  /** [3]. */
  readonly headBias: T;
}

/** The decoders of one group: [rows x columns] tiles in row-major order. */
export interface GroupDecoders<T extends Float32Array | Int32Array> {
  /** Frames in the group. */
  readonly frameCount: number;
  /** Whether its first frame begins a scene: nothing is cross-faded from the group before. Default: no. */
  readonly startsScene?: boolean;
  /** The head's output v means v * deviation + mean, R'G'B' in [0, 1]. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly tiles: readonly TileWeights<T>[];
  /** [tiles, frames, 2]: displacement (u, v) in tile-local units (a tile is 2 wide). */
  readonly motion: T;
}

/** The layer shared by all decoders of an asset: [features, width] and [width]; empty where the width is 0. */
export interface SharedEncoder {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Inputs of sine layer `layer` of a decoder of `width`. */
export function layerInputs(network: TileNetwork, width: number, layer: number): number {
  return layer === 0 ? decoderInputs(network) : width;
}

/** Zeroed decoders of the right shapes, in floats or integers. */
export function allocateTile<T extends Float32Array | Int32Array>(
  network: TileNetwork,
  width: number,
  make: (length: number) => T,
): TileWeights<T> {
  const layers = width === 0 ? 0 : network.hiddenLayers;
  return {
    width,
    hidden: Array.from({ length: layers }, (_, l) => make(layerInputs(network, width, l) * width)),
    hiddenBias: Array.from({ length: layers }, () => make(width)),
    head: make(width * CHANNELS),
    headBias: make(CHANNELS),
  };
}

/** Numbers in the shared encoder: weights and biases. */
export function sharedEncoderSize(network: TileNetwork): { weights: number; bias: number } {
  return { weights: inputFeatures(network) * network.encoderWidth, bias: network.encoderWidth };
}

/** Numbers in one tile's decoder of `width`; displacements left out. */
export function decoderSize(network: TileNetwork, width: number): number {
  if (width === 0) return CHANNELS;
  let numbers = (width + 1) * CHANNELS;
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    numbers += (layerInputs(network, width, layer) + 1) * width;
  }
  return numbers;
}
