import type { SharedEncoder } from "../group/weights.js";
import type { PaperNetwork, TileNetwork } from "../network/definition.js";
import type { PaperEncoder } from "../paper/weights.js";

/** The network and shared weights of an asset of the tile profile. */
export interface TileModel {
  readonly profile: "tile";
  readonly network: TileNetwork;
  readonly encoder: SharedEncoder;
}

/** The network and shared weights of an asset of the paper profile. */
export interface PaperModel {
  readonly profile: "paper";
  readonly network: PaperNetwork;
  readonly encoder: PaperEncoder;
}

/** The network and the weights that all groups share, discriminated by `profile`. */
export type Model = TileModel | PaperModel;
