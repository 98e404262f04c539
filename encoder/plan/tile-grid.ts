import type { TileNetwork } from "../../codec/internal.js";
import type { TileTrainingSettings } from "../options.js";
import type { TileRange } from "../tile/group-target.js";
import type { TileTrainerName } from "../training/choose-trainer.js";
import type { Device } from "../training/onnx/onnx-runtime.js";

/** Source pixels a tile's side: smaller tiles for smaller pictures (docs/design.md, "Tiles"). */
const SMALLEST_SIDE = 40;
const LARGEST_SIDE = 64;
const TILES_ACROSS = 16;
/** Pictures of so many tiles across have no more of them but larger ones: their pixels are finer, not more to draw. */
const MAX_TILES_ACROSS = 30;
/** Source pixels by which tiles reach over their borders. */
const OVERLAP = 1;

/** From this side on a tile is large: it has more to draw than small ones. */
const LARGE_SIDE = 56;

/** Source pixels a tile's side, about, where nothing asks for smaller ones. */
export const usualSide = (width: number, height: number): number =>
  Math.max(
    SMALLEST_SIDE,
    Math.min(LARGEST_SIDE, Math.max(width, height) / TILES_ACROSS),
    Math.max(width, height) / MAX_TILES_ACROSS,
  );

/** The numbers to train a picture of `width` x `height` source pixels with. */
export function settingsForSize(width: number, height: number, settings: TileTrainingSettings): TileTrainingSettings {
  return usualSide(width, height) < LARGE_SIDE ? settings : { ...settings, ...settings.largeTiles };
}

/** The network for a picture of `width` x `height` source pixels, in tiles of about `side` pixels a side. */
export function tileNetwork(
  width: number,
  height: number,
  settings: TileTrainingSettings,
  side = usualSide(width, height),
): TileNetwork {
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

/** Tiles a job of onnxruntime on the processor: their activations stay in a core's cache. */
const TILES_PER_GRAPH = 40;
/** Of the kernel, which takes one tile after the other: enough to share the drawing of points, few enough for all cores. */
const TILES_PER_KERNEL = 20;

/**
 * Cuts a group's tiles into jobs of about the same size; on a GPU it is one. The cut depends on the picture and on what
 * trains, never on the number of workers, so that the bytes do not either.
 */
export function tileRanges(
  network: TileNetwork,
  { trainer, device }: { readonly trainer: TileTrainerName; readonly device: Device },
): TileRange[] {
  const tiles = network.rows * network.columns;
  const onProcessor = trainer === "kernel" ? TILES_PER_KERNEL : TILES_PER_GRAPH;
  const jobs = device === "cuda" ? 1 : Math.max(1, Math.ceil(tiles / onProcessor));
  return Array.from({ length: jobs }, (_, i) => {
    const first = Math.floor((i * tiles) / jobs);
    return { first, count: Math.floor(((i + 1) * tiles) / jobs) - first };
  });
}
