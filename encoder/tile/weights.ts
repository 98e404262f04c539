import {
  CHANNELS,
  decoderInputs,
  type GroupWeights,
  inputFeatures,
  type TileNetwork,
  type TileWeights,
} from "../../codec/internal.js";
import type { TileRange } from "../training/sampling/group-target.js";
import type { Random } from "../training/sampling/random.js";
import { requireWeights, type TrainingWeights } from "../training/weights.js";

/** Factor for the initial weights of the first layer over raw features (docs/how-it-works.md, "Training"). */
const FIRST_LAYER_GAIN = 3;

/** Dimensions of the weights of a range of tiles. */
export interface TileWeightsShape {
  readonly network: TileNetwork;
  readonly tiles: number;
  /** Width of the decoders. */
  readonly width: number;
  readonly frames: number;
}

/**
 * Creates random weights as in SIREN (Sitzmann et al. 2020): uniform within sqrt(6 / n) / omega for n inputs. Motion is
 * zero.
 */
export function initialWeights(
  { network, tiles, width, frames }: TileWeightsShape,
  random: Random,
): TrainingWeights {
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => random.uniformSymmetric(bound));
  if (network.encoderWidth > 0) {
    const inputs = inputFeatures(network);
    const bound = (FIRST_LAYER_GAIN * Math.sqrt(6 / inputs)) / network.omega;
    weights.set("encoder0", uniform(inputs * network.encoderWidth, bound));
    weights.set("encoder0_bias", new Float32Array(network.encoderWidth));
  }
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    const inputs = layer === 0 ? decoderInputs(network) : width;
    const gain = layer === 0 && network.encoderWidth === 0 ? FIRST_LAYER_GAIN : 1;
    const bound = (gain * Math.sqrt(6 / inputs)) / network.omega;
    weights.set(`hidden${layer}`, uniform(tiles * inputs * width, bound));
    weights.set(`hidden${layer}_bias`, new Float32Array(tiles * width));
  }
  weights.set("head", uniform(tiles * width * CHANNELS, 1 / Math.sqrt(width)));
  weights.set("head_bias", new Float32Array(tiles * CHANNELS));
  weights.set("motion", new Float32Array(tiles * 2 * frames));
  return weights;
}

/**
 * Returns the same decoders for a group of another length. Each frame takes the motion of the source frame nearest in
 * time.
 */
export function resampleMotion(weights: TrainingWeights, tiles: number, frames: number): TrainingWeights {
  const motion = requireWeights(weights, "motion");
  const sourceFrames = motion.length / (tiles * 2);
  const resampled = new Float32Array(tiles * 2 * frames);
  for (let row = 0; row < tiles * 2; row++) {
    for (let f = 0; f < frames; f++) {
      const source = Math.floor(((f + 0.5) * sourceFrames) / frames);
      resampled[row * frames + f] = motion[row * sourceFrames + source];
    }
  }
  return new Map(weights).set("motion", resampled);
}

/** Returns the decoders of a range of tiles in the codec's layout. */
export function toTileWeights(
  { network, tiles, width }: Omit<TileWeightsShape, "frames">,
  weights: TrainingWeights,
): TileWeights<Float32Array>[] {
  const layers = Array.from({ length: network.hiddenLayers }, (_, l) => l);
  return Array.from({ length: tiles }, (_, tile) => {
    const part = (name: string): Float32Array => {
      const values = requireWeights(weights, name);
      const length = values.length / tiles;
      return values.slice(tile * length, (tile + 1) * length);
    };
    return {
      width,
      hidden: layers.map((l) => part(`hidden${l}`)),
      hiddenBias: layers.map((l) => part(`hidden${l}_bias`)),
      head: part("head"),
      headBias: part("head_bias"),
    };
  });
}

/** Returns the weights of a range of tiles of a decoded group: the inverse of `toTileWeights` and `toGroupMotion`. */
export function toTrainingWeights(
  network: TileNetwork,
  group: GroupWeights<Float32Array>,
  { first, count }: TileRange,
): TrainingWeights {
  const tiles = group.tiles.slice(first, first + count);
  const join = (part: (tile: TileWeights<Float32Array>) => Float32Array): Float32Array => {
    const parts = tiles.map(part);
    const joined = new Float32Array(parts.reduce((sum, values) => sum + values.length, 0));
    let at = 0;
    for (const values of parts) {
      joined.set(values, at);
      at += values.length;
    }
    return joined;
  };
  const weights: TrainingWeights = new Map();
  const add = (name: string, part: (tile: TileWeights<Float32Array>) => Float32Array) =>
    weights.set(name, join(part));
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    add(`hidden${layer}`, (tile) => tile.hidden[layer]);
    add(`hidden${layer}_bias`, (tile) => tile.hiddenBias[layer]);
  }
  add("head", (tile) => tile.head);
  add("head_bias", (tile) => tile.headBias);
  const frames = group.frameCount;
  const start = first * frames * 2;
  const motion = group.motion.subarray(start, start + count * frames * 2);
  return weights.set("motion", transposeMotion(motion, count, frames, 2));
}

/** Returns the motion of a range of tiles in the codec's layout: [tiles, 2, frames] becomes [tiles, frames, 2]. */
export function toGroupMotion(weights: TrainingWeights, tiles: number): Float32Array {
  const motion = requireWeights(weights, "motion");
  return transposeMotion(motion, tiles, 2, motion.length / (tiles * 2));
}

/** Transposes each tile: [tiles, rows, columns] becomes [tiles, columns, rows]. */
function transposeMotion(motion: Float32Array, tiles: number, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(motion.length);
  for (let tile = 0; tile < tiles; tile++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        transposed[(tile * columns + column) * rows + row] = motion[(tile * rows + row) * columns + column];
      }
    }
  }
  return transposed;
}
