import {
  CHANNELS,
  decoderInputs,
  type GroupWeights,
  inputFeatures,
  type TileNetwork,
  type TileWeights,
} from "../../codec/internal.js";
import type { Random } from "../training/sampling/random.js";

/**
 * Weights of a run of tiles of one group as the training graph holds them: by input name, tiles first.
 * Matrices are [tiles, in, out], biases [tiles, out, 1], motion [tiles, 2, frames].
 */
export type TrainingWeights = Map<string, Float32Array>;

/** The first layer over raw features begins with weights this much larger (docs/design.md, "Training"). */
const FIRST_LAYER_GAIN = 3;

/** Random weights as in SIREN (Sitzmann et al. 2020): uniform within sqrt(6 / n) / omega; no displacement. */
export function initialWeights(
  network: TileNetwork,
  tiles: number,
  width: number,
  frames: number,
  random: Random,
): TrainingWeights {
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => random.symmetric(bound));
  if (network.encoderWidth > 0) {
    const inputs = inputFeatures(network);
    const bound = (FIRST_LAYER_GAIN * Math.sqrt(6 / inputs)) / network.omega;
    weights.set("encoder0", uniform(inputs * network.encoderWidth, bound));
    weights.set("encoder0_bias", new Float32Array(network.encoderWidth));
  }
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    const inputs = layer === 0 ? decoderInputs(network) : width;
    const gain = layer === 0 && network.encoderWidth === 0 ? FIRST_LAYER_GAIN : 1;
    weights.set(
      `hidden${layer}`,
      uniform(tiles * inputs * width, (gain * Math.sqrt(6 / inputs)) / network.omega),
    );
    weights.set(`hidden${layer}_bias`, new Float32Array(tiles * width));
  }
  weights.set("head", uniform(tiles * width * CHANNELS, 1 / Math.sqrt(width)));
  weights.set("head_bias", new Float32Array(tiles * CHANNELS));
  weights.set("motion", new Float32Array(tiles * 2 * frames));
  return weights;
}

/** The same decoders for a group of another length: displacements are taken from the nearest moment. */
export function fitToFrames(weights: TrainingWeights, tiles: number, frames: number): TrainingWeights {
  const motion = requireWeights(weights, "motion");
  const had = motion.length / (tiles * 2);
  const resampled = new Float32Array(tiles * 2 * frames);
  for (let row = 0; row < tiles * 2; row++) {
    for (let f = 0; f < frames; f++) {
      resampled[row * frames + f] = motion[row * had + Math.floor(((f + 0.5) * had) / frames)];
    }
  }
  return new Map(weights).set("motion", resampled);
}

/** The weights of one name; a name that is not there is a mistake of the caller. */
export function requireWeights(weights: TrainingWeights, name: string): Float32Array {
  const values = weights.get(name);
  if (values === undefined) throw new RangeError(`no weights named ${name}`);
  return values;
}

/** Tile `tile` of a run of `tiles`, as the codec stores it. */
export function extractTileWeights(
  network: TileNetwork,
  weights: TrainingWeights,
  tiles: number,
  width: number,
  tile: number,
): TileWeights<Float32Array> {
  const part = (name: string): Float32Array => {
    const values = requireWeights(weights, name);
    const length = values.length / tiles;
    return values.slice(tile * length, (tile + 1) * length);
  };
  const layers = Array.from({ length: network.hiddenLayers }, (_, l) => l);
  return {
    width,
    hidden: layers.map((l) => part(`hidden${l}`)),
    hiddenBias: layers.map((l) => part(`hidden${l}_bias`)),
    head: part("head"),
    headBias: part("head_bias"),
  };
}

/** The inverse of `tileDecoder` and `tileMotion`: a run of tiles of a group as training holds it. */
export function toTrainingWeights(
  network: TileNetwork,
  group: GroupWeights<Float32Array>,
  first: number,
  count: number,
): TrainingWeights {
  const tiles = group.tiles.slice(first, first + count);
  const joined = (part: (tile: TileWeights<Float32Array>) => Float32Array): Float32Array => {
    const parts = tiles.map(part);
    const all = new Float32Array(parts.reduce((sum, values) => sum + values.length, 0));
    parts.reduce((at, values) => {
      all.set(values, at);
      return at + values.length;
    }, 0);
    return all;
  };
  const weights: TrainingWeights = new Map();
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    weights.set(
      `hidden${layer}`,
      joined((tile) => tile.hidden[layer]),
    );
    weights.set(
      `hidden${layer}_bias`,
      joined((tile) => tile.hiddenBias[layer]),
    );
  }
  weights.set(
    "head",
    joined((tile) => tile.head),
  );
  weights.set(
    "head_bias",
    joined((tile) => tile.headBias),
  );
  const frames = group.frameCount;
  const motion = new Float32Array(count * 2 * frames);
  for (let tile = 0; tile < count; tile++) {
    for (let f = 0; f < frames; f++) {
      for (let axis = 0; axis < 2; axis++) {
        motion[(tile * 2 + axis) * frames + f] = group.motion[((first + tile) * frames + f) * 2 + axis];
      }
    }
  }
  return weights.set("motion", motion);
}

/** Displacements of a run of tiles in the codec's order: [tiles, 2, frames] -> [tiles, frames, 2]. */
export function extractMotion(weights: TrainingWeights, tiles: number): Float32Array {
  const trained = requireWeights(weights, "motion");
  const frames = trained.length / (tiles * 2);
  const motion = new Float32Array(trained.length);
  for (let tile = 0; tile < tiles; tile++) {
    for (let f = 0; f < frames; f++) {
      for (let axis = 0; axis < 2; axis++) {
        motion[(tile * frames + f) * 2 + axis] = trained[(tile * 2 + axis) * frames + f];
      }
    }
  }
  return motion;
}
