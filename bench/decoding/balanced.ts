import type { TileNetwork } from "../../codec/internal.js";

/** The network of a `balanced` asset of 640 x 360: tiles of 40 x 40 source pixels. */
export const BALANCED: TileNetwork = {
  profile: "tile",
  rows: 9,
  columns: 16,
  overlap: 1,
  frequencies: 4,
  omega: 20,
  encoderWidth: 0,
  hiddenLayers: 3,
};
