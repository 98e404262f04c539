import type { TileNetwork } from "../../codec/internal.js";
import type { TileTrainerName } from "../training/create-trainer.js";
import type { Device } from "../training/onnx/onnx-runtime.js";
import type { TileRange } from "../training/sampling/group-target.js";

/** Settings that decide what the tile profile trains. */
export interface TileTrainingSettings {
  /** Training steps per group in phase 2. */
  readonly steps: number;
  /** Training steps per anchor group in phase 1. */
  readonly phase1Steps: number;
  /** Points sampled per tile and step. */
  readonly points: number;
  /** Width of the decoders. */
  readonly width: number;
  /** Sine layers per decoder. */
  readonly hiddenLayers: number;
  /** Quantization step of the first layer's weights; the steps of the other layers follow from it. */
  readonly quantizationStep: number;
  /** Rate-distortion lambda: squared error of 8-bit samples that saving one nat of the file may cost. */
  readonly lambda: number;
  /** Overrides for large tiles, which videos with a longer side of about 900 pixels or more have. */
  readonly largeTiles?: { readonly width: number; readonly lambda: number };
}

/** Bounds of a tile's side in source pixels. Smaller frames have smaller tiles (docs/decisions/0003-tile-side.md). */
const MIN_SIDE = 40;
const MAX_SIDE = 64;
/** Tiles along the longer side of a frame, as far as the bounds allow. */
const TILES_PER_LONG_SIDE = 16;
/**
 * Maximum number of tiles along the longer side. Larger frames have larger tiles, because their detail spans more pixels.
 */
const MAX_TILES_PER_LONG_SIDE = 30;
/** Source pixels by which a tile's training window extends beyond the tile. */
const OVERLAP = 1;

/** Minimum side of a large tile in source pixels. Large tiles have more detail and use the setting `largeTiles`. */
const LARGE_SIDE = 56;

/** Returns the approximate side of a preset's tiles in source pixels, for a frame of `width` x `height` source pixels. */
export const defaultTileSide = (width: number, height: number): number =>
  Math.max(
    MIN_SIDE,
    Math.min(MAX_SIDE, Math.max(width, height) / TILES_PER_LONG_SIDE),
    Math.max(width, height) / MAX_TILES_PER_LONG_SIDE,
  );

/** Returns the settings for a frame of `width` x `height` source pixels. */
export function settingsForSize(
  width: number,
  height: number,
  settings: TileTrainingSettings,
): TileTrainingSettings {
  return defaultTileSide(width, height) < LARGE_SIDE ? settings : { ...settings, ...settings.largeTiles };
}

/** Returns the network for a frame of `width` x `height` source pixels, in tiles of about `side` x `side` pixels. */
export function tileNetwork(
  width: number,
  height: number,
  settings: TileTrainingSettings,
  side = defaultTileSide(width, height),
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

/** Tiles per task of a graph trainer on the CPU, so that their activations stay in a core's cache. */
const TILES_PER_GRAPH_TASK = 40;
/** Tiles per task of the kernel: enough to share the sampled points, few enough to keep all cores busy. */
const TILES_PER_KERNEL_TASK = 20;

/**
 * Splits a group's tiles into tasks of about the same size, or into a single task on a GPU. The split depends only on the
 * network and the trainer, so the encoded bytes do not depend on the number of workers.
 */
export function tileRanges(
  network: TileNetwork,
  { trainer, device }: { readonly trainer: TileTrainerName; readonly device: Device },
): TileRange[] {
  const tiles = network.rows * network.columns;
  const tilesPerTask = trainer === "kernel" ? TILES_PER_KERNEL_TASK : TILES_PER_GRAPH_TASK;
  const tasks = device === "cuda" ? 1 : Math.max(1, Math.ceil(tiles / tilesPerTask));
  return Array.from({ length: tasks }, (_, i) => {
    const first = Math.floor((i * tiles) / tasks);
    return { first, count: Math.floor(((i + 1) * tiles) / tasks) - first };
  });
}
