import type { SyntheticOptions } from "./synthetic-asset.js";

/** A synthetic asset of 11 groups in two scenes, with spans of all levels. It has 4 x 3 tiles. */
export const SPANS: SyntheticOptions = {
  width: 160,
  height: 120,
  groups: [3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3],
  scenes: [0, 9],
  spans: [
    { group: 0, level: 3, tiles: [0, 1, 4] },
    { group: 0, level: 2, tiles: [2, 5] },
    { group: 0, level: 1, tiles: [6] },
    { group: 2, level: 1, tiles: [6, 7] },
    { group: 4, level: 2, tiles: [2, 3, 11] },
    { group: 6, level: 1, tiles: [5, 8] },
    { group: 9, level: 1, tiles: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
  ],
};
