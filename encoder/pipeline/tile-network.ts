import type { TileNetwork } from "../../codec/index.js";
import type { TrainingSettings } from "../options.js";
import type { TileRange } from "../training/group-target.js";

/** Source pixels a tile's side: smaller tiles for smaller pictures (docs/design.md, "Tiles"). */
const SMALLEST_SIDE = 40;
const LARGEST_SIDE = 64;
const TILES_ACROSS = 16;
/** Source pixels by which tiles reach over their borders. */
const OVERLAP = 1;

/** The network for a picture of `width` x `height` source pixels. */
export function tileNetwork(width: number, height: number, settings: TrainingSettings): TileNetwork {
  const side = Math.max(SMALLEST_SIDE, Math.min(LARGEST_SIDE, Math.max(width, height) / TILES_ACROSS));
  return {
    profile: "tile",
    rows: Math.max(1, Math.round(height / side)),
    columns: Math.max(1, Math.round(width / side)),
    overlap: OVERLAP,
    frequencies: 4,
    omega: 20,
    encoderWidth: 0,
    hiddenLayers: settings.hiddenLayers,
  };
}

/** Tiles a job: their activations stay in a core's cache, and jobs spread over cores. */
const TILES_A_JOB = 40;

/**
 * Cuts a group's tiles into jobs of about the same size. The cut depends on the picture alone, never on the
 * number of workers, so that the bytes do not either.
 */
export function tileRanges(network: TileNetwork, tilesAJob = TILES_A_JOB): TileRange[] {
  const tiles = network.rows * network.columns;
  const jobs = Math.max(1, Math.ceil(tiles / tilesAJob));
  return Array.from({ length: jobs }, (_, i) => {
    const first = Math.floor((i * tiles) / jobs);
    return { first, count: Math.floor(((i + 1) * tiles) / jobs) - first };
  });
}
