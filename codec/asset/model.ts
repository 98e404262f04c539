import type { SharedEncoder } from "../group/weights.js";
import type { PaperNetwork, TileNetwork } from "../network/definition.js";
import type { PaperEncoder } from "../paper/weights.js";

/** What an asset of the tile profile holds beside its groups. */
export interface TileModel {
  readonly profile: "tile";
  readonly network: TileNetwork;
  readonly encoder: SharedEncoder;
}

/** What an asset of the paper profile holds beside its groups. */
export interface PaperModel {
  readonly profile: "paper";
  readonly network: PaperNetwork;
  readonly encoder: PaperEncoder;
}

/** A network and what is shared by all its decoders; `profile` tells which. */
export type Model = TileModel | PaperModel;
