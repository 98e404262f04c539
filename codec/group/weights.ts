import { CHANNELS, decoderInputs, inputFeatures, type TileNetwork } from "../network/definition.js";

/**
 * The weights of one tile's decoder. Matrices are [in, out] in row-major order. `T` is the storage: floats, or
 * the integers that they are quantized to.
 */
export interface TileWeights<T extends Float32Array | Int32Array> {
  /** Width of the sine layers; 0 means a constant color (only `headBias`). */
  readonly width: number;
  /** One matrix per sine layer: [inputs, width], then [width, width]. */
  readonly hidden: readonly T[];
  /** [width] per sine layer. */
  readonly hiddenBias: readonly T[];
  /** [width, 3]. */
  readonly head: T;
  /** [3]. */
  readonly headBias: T;
}

/** The weights of one group. */
export interface GroupWeights<T extends Float32Array | Int32Array> {
  /** Frames in the group. */
  readonly frameCount: number;
  /** Whether its first frame begins a scene. If so, the previous group is not cross-faded into it. Default false. */
  readonly startsScene?: boolean;
  /** Normalization per channel: the head's output v means v * deviation + mean, R'G'B' in [0, 1]. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** [rows x columns] tiles in row-major order. */
  readonly tiles: readonly TileWeights<T>[];
  /** [tiles, frames, 2]: displacement (u, v) in tile-local units (a tile is 2 wide). */
  readonly motion: T;
}

/**
 * The weights of some tiles over a span of groups: a part of the networks that decode a group. `tiles` and `motion` hold
 * only the tiles of the part, and `frameCount`, normalization and time are those of the span.
 */
export interface PartWeights<T extends Float32Array | Int32Array> extends GroupWeights<T> {
  /** A span of level L lasts up to 2^L groups. At level 0 it is one group. */
  readonly level: number;
  /** Index in the frame of each of `tiles`, ascending. */
  readonly indices: readonly number[];
}

/** The layer that all decoders of an asset share: [features, width] and [width]; empty if the width is 0. */
export interface SharedEncoder {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/** Returns the number of inputs of sine layer `layer` in a decoder of `width`. */
export function layerInputs(network: TileNetwork, width: number, layer: number): number {
  return layer === 0 ? decoderInputs(network) : width;
}

/** Allocates the weights of one tile. `make` creates the storage of each matrix. */
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

/** Returns the number of weights and biases in the shared encoder. */
export function sharedEncoderSize(network: TileNetwork): { weights: number; bias: number } {
  return { weights: inputFeatures(network) * network.encoderWidth, bias: network.encoderWidth };
}

/** Returns the number of parameters in one tile's decoder of `width`, without displacements. */
export function parameterCount(network: TileNetwork, width: number): number {
  if (width === 0) return CHANNELS;
  let count = (width + 1) * CHANNELS;
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    count += (layerInputs(network, width, layer) + 1) * width;
  }
  return count;
}
