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
import { requireWeights, type TrainingWeights } from "../tile/weights.js";
import type { Random } from "../training/sampling/random.js";
import { type BlockFormat, quantize16, quantizeBlocks } from "./half-quadratic.js";
import type { PaperTarget } from "./target.js";

/** Hidden layers as published; the shared encoder, of which there is one a video, in two bits more. */
const HIDDEN: BlockFormat = { bits: 6, block: 32 };
const SHARED: BlockFormat = { bits: 8, block: 32 };
const FACTORS: BlockFormat = { bits: 8, block: 32 };

const layers = (count: number): number[] => Array.from({ length: count }, (_, l) => l);

/**
 * Random weights: the first layer within 1 / inputs, sine layers within sqrt(6 / inputs) / omega (Sitzmann et
 * al. 2020), heads within 1 / sqrt(width); biases are 0.
 */
export function initialPaperWeights(
  network: PaperNetwork,
  stacks: number,
  frames: number,
  random: Random,
): TrainingWeights {
  const { width, omega } = network;
  const weights: TrainingWeights = new Map();
  const uniform = (count: number, bound: number) =>
    Float32Array.from({ length: count }, () => random.symmetric(bound));
  const sine = Math.sqrt(6 / width) / omega;
  for (const l of layers(network.encoderLayers)) {
    const inputs = encoderInputs(network, l);
    weights.set(`encoder${l}`, uniform(inputs * width, l === 0 ? 1 / inputs : sine));
    weights.set(`encoder${l}_bias`, new Float32Array(width));
  }
  for (const l of layers(network.hiddenLayers)) {
    if (network.factors === undefined) weights.set(`hidden${l}`, uniform(stacks * width * width, sine));
    else {
      const { rank } = network.factors;
      const bound = factorBound(network.factors, sine);
      for (const name of hiddenMatrices(network, l)) weights.set(name, uniform(stacks * width * rank, bound));
    }
    weights.set(`hidden${l}_bias`, new Float32Array(stacks * width));
  }
  const outputs = headOutputs(network);
  weights.set("head", uniform(frames * width * outputs, 1 / Math.sqrt(width)));
  weights.set("head_bias", new Float32Array(frames * outputs));
  return weights;
}

/** Names of a hidden layer's matrix, or of its two factors. */
const hiddenMatrices = ({ factors }: PaperNetwork, l: number): string[] =>
  factors === undefined ? [`hidden${l}`] : [`hidden${l}`, `hidden${l}_right`];

/** Deviation of the argument of a sine about a product of factors, at the beginning: past its linear part. */
const SPREAD = 1.5;

/**
 * Factors within this bound have products that deviate as much as numbers within `bound` do; with a sine about them,
 * that deviate by SPREAD inside it. The product of `rank` pairs of numbers within b deviates by sqrt(rank) b^2 / 3.
 */
function factorBound({ rank, frequency }: PaperFactors, bound: number): number {
  const deviation = frequency === 0 ? bound / Math.sqrt(3) : SPREAD / frequency;
  return Math.sqrt((3 * deviation) / Math.sqrt(rank));
}

/** The same weights with another shared encoder. */
export function withEncoder(weights: TrainingWeights, encoder: PaperEncoder): TrainingWeights {
  const replaced = new Map(weights);
  dequantizePaperEncoder(encoder).forEach((layer: FloatLayer, l) => {
    replaced.set(`encoder${l}`, layer.weights).set(`encoder${l}_bias`, layer.bias);
  });
  return replaced;
}

/**
 * Where a group begins: the stack of the anchor nearest to its middle, and each head from the anchor nearest to
 * its own frame. `anchors` are frame numbers, in the order of the stacks in `trained`.
 */
export function warmStartWeights(
  network: PaperNetwork,
  trained: TrainingWeights,
  anchors: readonly number[],
  group: { readonly firstFrame: number; readonly frameCount: number },
): TrainingWeights {
  const start: TrainingWeights = new Map();
  const part = (name: string, index: number): Float32Array => {
    const values = requireWeights(trained, name);
    const length = values.length / anchors.length;
    return values.slice(index * length, (index + 1) * length);
  };
  const middle = nearest(anchors, group.firstFrame + Math.floor(group.frameCount / 2));
  for (const l of layers(network.hiddenLayers)) {
    for (const name of [...hiddenMatrices(network, l), `hidden${l}_bias`])
      start.set(name, part(name, middle));
  }
  for (const name of ["head", "head_bias"]) {
    const heads = Array.from({ length: group.frameCount }, (_, f) =>
      part(name, nearest(anchors, group.firstFrame + f)),
    );
    const all = new Float32Array(heads.length * heads[0].length);
    heads.forEach((head, f) => {
      all.set(head, f * head.length);
    });
    start.set(name, all);
  }
  return start;
}

/** Index of the anchor nearest to a frame; of two equally near, the earlier. */
function nearest(anchors: readonly number[], frame: number): number {
  let best = 0;
  anchors.forEach((anchor, i) => {
    if (Math.abs(anchor - frame) < Math.abs(anchors[best] - frame)) best = i;
  });
  return best;
}

/** The shared encoder as it is stored, and as phase 2 sees it. */
export function quantizeEncoder(network: PaperNetwork, trained: TrainingWeights): PaperEncoder {
  return {
    layers: layers(network.encoderLayers).map((l) => ({
      weights: quantizeBlocks(requireWeights(trained, `encoder${l}`), network.width, SHARED),
      bias: quantize16(requireWeights(trained, `encoder${l}_bias`)),
    })),
  };
}

function quantizeHidden(network: PaperNetwork, trained: TrainingWeights, l: number): PaperLayer {
  const { width, factors } = network;
  const bias = quantize16(requireWeights(trained, `hidden${l}_bias`));
  if (factors === undefined)
    return { weights: quantizeBlocks(requireWeights(trained, `hidden${l}`), width, HIDDEN), bias };
  const [weights, right] = hiddenMatrices(network, l).map((name) =>
    quantizeBlocks(requireWeights(trained, name), factors.rank, FACTORS),
  );
  return { weights, right, bias };
}

/** A trained group as it is stored. */
export function quantizeGroup(
  network: PaperNetwork,
  trained: TrainingWeights,
  target: Pick<PaperTarget, "frameCount" | "mean" | "deviation">,
): QuantizedPaperGroup {
  return {
    frameCount: target.frameCount,
    mean: target.mean,
    deviation: target.deviation,
    hidden: layers(network.hiddenLayers).map((l) => quantizeHidden(network, trained, l)),
    head: quantize16(requireWeights(trained, "head")),
    headBias: quantize16(requireWeights(trained, "head_bias")),
  };
}
