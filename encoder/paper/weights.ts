import {
  dequantizePaperEncoder,
  encoderInputs,
  type FloatLayer,
  headOutputs,
  type PaperEncoder,
  type PaperFactors,
  type PaperLayer,
  type PaperNetwork,
  type QuantizedPaperGroup,
} from "../../codec/internal.js";
import type { FrameSpan } from "../job/training-loop.js";
import type { Random } from "../training/sampling/random.js";
import { requireWeights, type TrainingWeights } from "../training/weights.js";
import { type BlockFormat, quantize16, quantizeBlocks } from "./half-quadratic.js";
import type { PaperTarget } from "./target.js";

/**
 * Matrix formats: 6 bits for hidden layers, as published, and 8 bits for the shared encoder, which is stored once per
 * video.
 */
const HIDDEN_FORMAT: BlockFormat = { bits: 6, block: 32 };
const ENCODER_FORMAT: BlockFormat = { bits: 8, block: 32 };
const FACTOR_FORMAT: BlockFormat = { bits: 8, block: 32 };

const layerIndices = (count: number): number[] => Array.from({ length: count }, (_, l) => l);

/** Returns the names of a hidden layer's matrix, or of its two factors. */
const hiddenMatrices = ({ factors }: PaperNetwork, l: number): string[] =>
  factors === undefined ? [`hidden${l}`] : [`hidden${l}`, `hidden${l}_right`];

/** Dimensions of the weights. */
export interface PaperWeightsShape {
  readonly network: PaperNetwork;
  readonly stacks: number;
  readonly frames: number;
}

/**
 * Creates random weights: uniform within 1 / inputs in the first layer, within sqrt(6 / inputs) / omega in sine layers
 * (Sitzmann et al. 2020), and within 1 / sqrt(width) in heads. Biases are zero.
 */
export function initialPaperWeights(
  { network, stacks, frames }: PaperWeightsShape,
  random: Random,
): TrainingWeights {
  const { width, omega } = network;
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => random.uniformSymmetric(bound));
  const sineBound = Math.sqrt(6 / width) / omega;
  for (const l of layerIndices(network.encoderLayers)) {
    const inputs = encoderInputs(network, l);
    weights.set(`encoder${l}`, uniform(inputs * width, l === 0 ? 1 / inputs : sineBound));
    weights.set(`encoder${l}_bias`, new Float32Array(width));
  }
  for (const l of layerIndices(network.hiddenLayers)) {
    if (network.factors === undefined) {
      weights.set(`hidden${l}`, uniform(stacks * width * width, sineBound));
    } else {
      const { rank } = network.factors;
      const bound = factorBound(network.factors, sineBound);
      for (const name of hiddenMatrices(network, l)) weights.set(name, uniform(stacks * width * rank, bound));
    }
    weights.set(`hidden${l}_bias`, new Float32Array(stacks * width));
  }
  const outputs = headOutputs(network);
  weights.set("head", uniform(frames * width * outputs, 1 / Math.sqrt(width)));
  weights.set("head_bias", new Float32Array(frames * outputs));
  return weights;
}

/**
 * Initial standard deviation of the argument of the sine of a product of factors. It exceeds the linear part of the sine.
 */
const SINE_ARGUMENT_DEVIATION = 1.5;

/**
 * Returns the bound of the uniform initial values of two factors. Their product then has the same standard deviation as
 * values within `bound`, or if a sine follows, its argument has SINE_ARGUMENT_DEVIATION. A sum of `rank` products of two
 * values within b has the standard deviation sqrt(rank) b^2 / 3.
 */
function factorBound({ rank, frequency }: PaperFactors, bound: number): number {
  const deviation = frequency === 0 ? bound / Math.sqrt(3) : SINE_ARGUMENT_DEVIATION / frequency;
  return Math.sqrt((3 * deviation) / Math.sqrt(rank));
}

/** Returns a copy of the weights with another shared encoder. */
export function withEncoder(weights: TrainingWeights, encoder: PaperEncoder): TrainingWeights {
  const replaced = new Map(weights);
  dequantizePaperEncoder(encoder).forEach((layer: FloatLayer, l) => {
    replaced.set(`encoder${l}`, layer.weights).set(`encoder${l}_bias`, layer.bias);
  });
  return replaced;
}

/**
 * Returns the weights that a group starts from: the stack of the anchor closest to its middle, and for each frame the
 * head of the closest anchor.
 * @param anchors indices of the anchor frames, in the order of the stacks in `trained`
 */
export function warmStartWeights(
  network: PaperNetwork,
  trained: TrainingWeights,
  anchors: readonly number[],
  { firstFrame, frameCount }: FrameSpan,
): TrainingWeights {
  const start: TrainingWeights = new Map();
  const part = (name: string, index: number): Float32Array => {
    const values = requireWeights(trained, name);
    const length = values.length / anchors.length;
    return values.slice(index * length, (index + 1) * length);
  };
  const middle = closestAnchor(anchors, firstFrame + Math.floor(frameCount / 2));
  for (const l of layerIndices(network.hiddenLayers)) {
    for (const name of [...hiddenMatrices(network, l), `hidden${l}_bias`])
      start.set(name, part(name, middle));
  }
  for (const name of ["head", "head_bias"]) {
    const heads = Array.from({ length: frameCount }, (_, f) =>
      part(name, closestAnchor(anchors, firstFrame + f)),
    );
    const joined = new Float32Array(heads.length * heads[0].length);
    heads.forEach((head, f) => {
      joined.set(head, f * head.length);
    });
    start.set(name, joined);
  }
  return start;
}

/** Returns the index of the anchor closest to a frame, or of the earlier one if two are equally close. */
function closestAnchor(anchors: readonly number[], frame: number): number {
  let best = 0;
  anchors.forEach((anchor, i) => {
    if (Math.abs(anchor - frame) < Math.abs(anchors[best] - frame)) best = i;
  });
  return best;
}

/** Returns the quantized shared encoder, which the asset stores and phase 2 uses. */
export function quantizeEncoder(network: PaperNetwork, trained: TrainingWeights): PaperEncoder {
  return {
    layers: layerIndices(network.encoderLayers).map((l) => ({
      weights: quantizeBlocks(requireWeights(trained, `encoder${l}`), network.width, ENCODER_FORMAT),
      bias: quantize16(requireWeights(trained, `encoder${l}_bias`)),
    })),
  };
}

function quantizeHidden(network: PaperNetwork, trained: TrainingWeights, l: number): PaperLayer {
  const { width, factors } = network;
  const bias = quantize16(requireWeights(trained, `hidden${l}_bias`));
  if (factors === undefined)
    return { weights: quantizeBlocks(requireWeights(trained, `hidden${l}`), width, HIDDEN_FORMAT), bias };
  const [weights, right] = hiddenMatrices(network, l).map((name) =>
    quantizeBlocks(requireWeights(trained, name), factors.rank, FACTOR_FORMAT),
  );
  return { weights, right, bias };
}

/** Returns a trained group in the quantized form that the asset stores. */
export function quantizeGroup(
  network: PaperNetwork,
  trained: TrainingWeights,
  target: Pick<PaperTarget, "frameCount" | "mean" | "deviation">,
): QuantizedPaperGroup {
  return {
    frameCount: target.frameCount,
    mean: target.mean,
    deviation: target.deviation,
    hidden: layerIndices(network.hiddenLayers).map((l) => quantizeHidden(network, trained, l)),
    head: quantize16(requireWeights(trained, "head")),
    headBias: quantize16(requireWeights(trained, "head_bias")),
  };
}
