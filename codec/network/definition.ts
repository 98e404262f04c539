import type { ByteReader } from "../bytes/reader.js";
import type { ByteWriter } from "../bytes/writer.js";

/** Network profile of an asset; see docs/how-it-works.md, "The network". */
export type Profile = "tile" | "paper";

/** Output channels of every head: R', G', B'. */
export const CHANNELS = 3;

/** Allowed widths of a tile's decoder; 0 means a constant color. Multiples of 4 for the SIMD kernel. */
export const TILE_WIDTHS: readonly number[] = [0, 4, 8, 12, 16, 24, 32];

/**
 * The network of the tile profile. The frame is divided into `rows` x `columns` tiles. Every tile of every
 * group has its own decoder, a function of tile-local coordinates, shifted by one displacement per frame, and
 * of time within the group.
 */
export interface TileNetwork {
  readonly profile: "tile";
  readonly rows: number;
  readonly columns: number;
  /** Source pixels by which a tile extends past its border; neighbors are cross-faded over twice that. */
  readonly overlap: number;
  /** Number of frequencies n: sines and cosines of 2^k pi x / 2 for k = 0 .. n - 1, for x and for y. */
  readonly frequencies: number;
  /** Scale of the argument z of every sine: sin(omega z). */
  readonly omega: number;
  /** Width of the shared encoder, a single sine layer; 0 for none. */
  readonly encoderWidth: number;
  /** Sine layers per decoder. */
  readonly hiddenLayers: number;
}

/** The network of the paper profile (arXiv 2506.23382): one decoder for the entire frame and one head per frame. */
export interface PaperNetwork {
  readonly profile: "paper";
  /** Number of frequencies n: sines and cosines of 2^k pi x for k = 0 .. n - 1, for x and for y. */
  readonly frequencies: number;
  /** Scale of the argument z of every sine: sin(omega z). */
  readonly omega: number;
  /** Width of every sine layer. */
  readonly width: number;
  /** Sine layers of the shared encoder. */
  readonly encoderLayers: number;
  /** Sine layers per group. */
  readonly hiddenLayers: number;
  /** Side of the patch that one evaluation outputs, in source pixels: 1, 3 or 6. */
  readonly patch: number;
  /** Factorization of the hidden matrices of a group; undefined if they are stored in full. */
  readonly factors: PaperFactors | undefined;
}

/**
 * Factorization of hidden matrices [width, width] into U and V, [width, rank] each. The matrix is the product
 * P = U V^T if `frequency` is 0, else amplitude * sin(frequency * P), whose rank is not bounded by that of P
 * (Y. Ji et al. 2024, "Efficient Learning with Sine-Activated Low-Rank Matrices", arXiv 2403.19243).
 */
export interface PaperFactors {
  readonly rank: number;
  readonly frequency: number;
  readonly amplitude: number;
}

/** The network of an asset, discriminated by `profile`. */
export type Network = TileNetwork | PaperNetwork;

/** Returns the number of features per spatial coordinate: the coordinate, and a sine and cosine per frequency. */
export const axisFeatures = (network: { frequencies: number }): number => 1 + 2 * network.frequencies;

/** Number of time features in the tile profile: t, sin(pi t / 2), cos(pi t / 2). */
export const TIME_FEATURES = 3;

/** Returns the number of inputs of the first layer: with four frequencies, 21 (tile profile) or 18 (paper). */
export function inputFeatures(network: Network): number {
  return 2 * axisFeatures(network) + (network.profile === "tile" ? TIME_FEATURES : 0);
}

/** Returns the number of inputs of a tile decoder's first layer: the shared encoder's outputs, or the features. */
export function decoderInputs(network: TileNetwork): number {
  return network.encoderWidth || inputFeatures(network);
}

/** Serializes a tile network. */
export function writeTileNetwork(writer: ByteWriter, network: TileNetwork): void {
  writer.u16(network.rows).u16(network.columns).f32(network.overlap);
  writer.u8(network.frequencies).f32(network.omega).u16(network.encoderWidth).u8(network.hiddenLayers);
}

/** Maximum number of tiles per frame. */
export const MAX_TILES = 65_536;

/**
 * Parses a tile network: up to MAX_TILES tiles, 8 frequencies, a shared encoder of width 64, 8 hidden layers.
 * Throws the reader's error for values out of range.
 */
export function readTileNetwork(reader: ByteReader): TileNetwork {
  const rows = reader.checkRange(reader.u16(), 1, 1024, "the number of tile rows");
  const columns = reader.checkRange(reader.u16(), 1, 1024, "the number of tile columns");
  reader.checkRange(rows * columns, 1, MAX_TILES, "the number of tiles");
  const overlap = reader.checkRange(reader.f32(), 0, 64, "the overlap");
  const frequencies = reader.checkRange(reader.u8(), 0, 8, "the number of frequencies");
  const omega = reader.checkRange(reader.f32(), 1e-3, 1000, "omega");
  const encoderWidth = reader.checkRange(reader.u16(), 0, 64, "the shared encoder's width");
  if (encoderWidth % 4 !== 0)
    throw reader.error(
      `has an invalid value: the shared encoder's width must be a multiple of 4, got ${encoderWidth}`,
    );
  const hiddenLayers = reader.checkRange(reader.u8(), 1, 8, "the number of hidden layers");
  return { profile: "tile", rows, columns, overlap, frequencies, omega, encoderWidth, hiddenLayers };
}
