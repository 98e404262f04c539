import type { ByteReader } from "../bytes/reader.js";
import type { ByteWriter } from "../bytes/writer.js";

/** Which network an asset holds; see docs/design.md, "The network". */
export type Profile = "tile" | "paper";

/** Output channels of every head: R', G', B'. */
export const CHANNELS = 3;

/** Widths that a tile's decoder may have; 0 is a constant color. Multiples of 4 for the SIMD kernel. */
export const TILE_WIDTHS: readonly number[] = [0, 4, 8, 12, 16, 24, 32];

/**
 * The tile profile: the picture is cut into `rows` x `columns` tiles; every (group, tile) has its own
 * decoder over tile-local coordinates, moved by a displacement a frame, and time within the group.
 */
export interface TileNetwork {
  readonly profile: "tile";
  readonly rows: number;
  readonly columns: number;
  /** Source pixels by which a tile reaches past its own border; cross-faded over twice that. */
  readonly overlap: number;
  /** Sines and cosines of 2^k pi x / 2 for k below this, for x and for y. */
  readonly frequencies: number;
  /** Factor inside every sine. */
  readonly omega: number;
  /** Width of the shared encoder's one sine layer; 0 for none. */
  readonly encoderWidth: number;
  /** Sine layers of a decoder. */
  readonly hiddenLayers: number;
}

/** The network of arXiv 2506.23382: one decoder over the whole picture, a head a frame. */
export interface PaperNetwork {
  readonly profile: "paper";
  readonly frequencies: number;
  readonly omega: number;
  readonly width: number;
  readonly encoderLayers: number;
  readonly hiddenLayers: number;
  /** Source pixels a side that one evaluation gives: 1, 3 or 6. */
  readonly patch: number;
  /** How the matrices of a group's stack are factored; undefined: they are stored whole. */
  readonly factors: PaperFactors | undefined;
}

/**
 * Hidden matrices [width, width] of two factors [width, rank] each: the product P = U V^T itself where `frequency` is
 * 0, else amplitude * sin(frequency * P), whose rank is not bounded by that of P (Y. Ji et al. 2024, "Efficient
 * Learning with Sine-Activated Low-Rank Matrices", arXiv 2403.19243).
 */
export interface PaperFactors {
  readonly rank: number;
  readonly frequency: number;
  readonly amplitude: number;
}

/** The network of an asset, by its profile. */
export type Network = TileNetwork | PaperNetwork;

/** Features of one spatial coordinate: itself and a sine and cosine a frequency. */
export const axisFeatures = (network: { frequencies: number }): number => 1 + 2 * network.frequencies;

/** Features of time in the tile profile: t, sin(pi t / 2), cos(pi t / 2). */
export const TIME_FEATURES = 3;

/** Inputs of the first layer: 21 in the tile profile, 18 in the paper profile (four frequencies). */
export function inputFeatures(network: Network): number {
  return 2 * axisFeatures(network) + (network.profile === "tile" ? TIME_FEATURES : 0);
}

/** Inputs of a tile decoder's first layer: the shared encoder's outputs, or the features themselves. */
export function decoderInputs(network: TileNetwork): number {
  return network.encoderWidth || inputFeatures(network);
}

/** Bytes of a tile network definition as written by `writeTileNetwork`. */
export function writeTileNetwork(writer: ByteWriter, network: TileNetwork): void {
  writer.u16(network.rows).u16(network.columns).f32(network.overlap);
  writer.u8(network.frequencies).f32(network.omega).u16(network.encoderWidth).u8(network.hiddenLayers);
}

/** Tiles that a network may have. */
export const MAX_TILES = 65_536;

/** Bounds: at most MOST_TILES tiles, 8 frequencies, an encoder of 64, 8 hidden layers. */
export function readTileNetwork(reader: ByteReader): TileNetwork {
  const rows = reader.within(reader.u16(), 1, 1024, "tile rows");
  const columns = reader.within(reader.u16(), 1, 1024, "tile columns");
  reader.within(rows * columns, 1, MAX_TILES, "tiles");
  const overlap = reader.within(reader.f32(), 0, 64, "the overlap");
  const frequencies = reader.within(reader.u8(), 0, 8, "frequencies");
  const omega = reader.within(reader.f32(), 1e-3, 1000, "omega");
  const encoderWidth = reader.within(reader.u16(), 0, 64, "the shared encoder's width");
  if (encoderWidth % 4 !== 0)
    throw reader.error(`gives the shared encoder's width as ${encoderWidth}, not a multiple of 4`);
  const hiddenLayers = reader.within(reader.u8(), 1, 8, "hidden layers");
  return { profile: "tile", rows, columns, overlap, frequencies, omega, encoderWidth, hiddenLayers };
}
