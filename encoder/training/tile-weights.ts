import {
  axisFeatures,
  CHANNELS,
  decoderInputs,
  type GroupDecoders,
  inputFeatures,
  TIME_FEATURES,
  type TileNetwork,
} from "../../codec/index.js";
import type { Random } from "./random.js";

/**
 * Weights of all tiles of one group as the training graph holds them: by input name, tiles first.
 * Matrices are [tiles, in, out], biases [tiles, out, 1], motion [tiles, 2, frames].
 */
export type TrainingWeights = Map<string, Float32Array>;

/** Names of the decoders' weights, in the graph's order; the shared encoder is not among them. */
export function decoderNames(network: TileNetwork): string[] {
  const hidden = Array.from({ length: network.hiddenLayers }, (_, l) => [`hidden${l}`, `hidden${l}_bias`]).flat();
  return [...hidden, "head", "head_bias", "motion"];
}

/** The first layer over raw features begins with weights this much larger (see docs/design.md). */
const FIRST_LAYER_GAIN = 3;

/**
 * Random weights as in SIREN (Sitzmann et al. 2020): uniform within sqrt(6 / n) / omega; no displacement.
 * Every tile begins with the same weights.
 */
export function initialWeights(
  network: TileNetwork,
  tiles: number,
  width: number,
  frames: number,
  random: Random,
): TrainingWeights {
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) => Float32Array.from({ length: tiles * count }, () => random.symmetric(bound));
  if (network.encoderWidth > 0) {
    const inputs = inputFeatures(network);
    const bound = (FIRST_LAYER_GAIN * Math.sqrt(6 / inputs)) / network.omega;
    weights.set("encoder0", Float32Array.from({ length: inputs * network.encoderWidth }, () => random.symmetric(bound)));
    weights.set("encoder0_bias", new Float32Array(network.encoderWidth));
  }
  for (let layer = 0; layer < network.hiddenLayers; layer++) {
    const inputs = layer === 0 ? decoderInputs(network) : width;
    const gain = layer === 0 && network.encoderWidth === 0 ? FIRST_LAYER_GAIN : 1;
    weights.set(`hidden${layer}`, uniform(inputs * width, (gain * Math.sqrt(6 / inputs)) / network.omega));
    weights.set(`hidden${layer}_bias`, new Float32Array(tiles * width));
  }
  weights.set("head", uniform(width * CHANNELS, 1 / Math.sqrt(width)));
  weights.set("head_bias", new Float32Array(tiles * CHANNELS));
  weights.set("motion", new Float32Array(tiles * 2 * frames));
  return weights;
}

/** The same decoders for a group of another length: displacements are taken from the nearest moment. */
export function fitToFrames(weights: TrainingWeights, tiles: number, frames: number): TrainingWeights {
  const motion = weights.get("motion");
  if (motion === undefined) throw new RangeError("weights without motion");
  const had = motion.length / (tiles * 2);
  const resampled = new Float32Array(tiles * 2 * frames);
  for (let row = 0; row < tiles * 2; row++) {
    for (let f = 0; f < frames; f++) {
      resampled[row * frames + f] = motion[row * had + Math.floor(((f + 0.5) * had) / frames)];
    }
  }
  return new Map([...weights].map(([name, values]) => [name, name === "motion" ? resampled : values.slice()]));
}

/** As the codec stores them; `mean` and `deviation` undo the normalisation. */
export function toDecoders(
  network: TileNetwork,
  weights: TrainingWeights,
  width: number,
  frameCount: number,
  statistics: { mean: number; deviation: number },
): GroupDecoders<Float32Array> {
  const tiles = network.rows * network.columns;
  const part = (name: string, tile: number): Float32Array => {
    const values = weights.get(name);
    if (values === undefined) throw new RangeError(`no weights named ${name}`);
    const length = values.length / tiles;
    return values.slice(tile * length, (tile + 1) * length);
  };
  const layers = Array.from({ length: network.hiddenLayers }, (_, l) => l);
  const motion = new Float32Array(tiles * frameCount * 2);
  for (let tile = 0; tile < tiles; tile++) {
    const own = part("motion", tile);
    for (let f = 0; f < frameCount; f++) {
      for (let axis = 0; axis < 2; axis++) motion[(tile * frameCount + f) * 2 + axis] = own[axis * frameCount + f];
    }
  }
  return {
    frameCount,
    mean: new Array(CHANNELS).fill(statistics.mean),
    deviation: new Array(CHANNELS).fill(statistics.deviation),
    motion,
    tiles: Array.from({ length: tiles }, (_, tile) => ({
      width,
      hidden: layers.map((l) => part(`hidden${l}`, tile)),
      hiddenBias: layers.map((l) => part(`hidden${l}_bias`, tile)),
      head: part("head", tile),
      headBias: part("head_bias", tile),
    })),
  };
}

/** Numbers in one tile's decoder, motion left out. */
export function decoderSize(network: TileNetwork, width: number): number {
  const inputs = network.encoderWidth || 2 * axisFeatures(network) + TIME_FEATURES;
  return (inputs + 1) * width + (network.hiddenLayers - 1) * (width + 1) * width + (width + 1) * CHANNELS;
}
