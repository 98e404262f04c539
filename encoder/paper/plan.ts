import { headOutputs, type PaperFactors, type PaperNetwork } from "../../codec/internal.js";
import type { PaperTrainingSettings } from "./options.js";

/** By default, one frame in 20 is an anchor, up to 8 anchors. */
const FRAMES_PER_ANCHOR = 20;
const MAX_DEFAULT_ANCHORS = 8;

/** Frequency of the sine layers, as published. */
const OMEGA = 30;
/** Frequency inside the sine of a product of factors. */
const FACTOR_FREQUENCY = 200;

/** Returns the network that the settings describe. */
export function paperNetwork(settings: PaperTrainingSettings): PaperNetwork {
  const { width, hiddenLayers, patch } = settings;
  return {
    profile: "paper",
    frequencies: 4,
    omega: OMEGA,
    width,
    encoderLayers: 2,
    hiddenLayers,
    patch,
    factors: factorsOf(settings),
  };
}

function factorsOf({ width, decoder, rank }: PaperTrainingSettings): PaperFactors | undefined {
  if (decoder === "full") return undefined;
  if (decoder === "low-rank") return { rank, frequency: 0, amplitude: 1 };
  return { rank, frequency: FACTOR_FREQUENCY, amplitude: Math.fround(Math.sqrt(6 / width) / OMEGA) };
}

/**
 * Returns the indices of evenly spaced anchor frames, including the first and the last frame. A single anchor is the middle
 * frame.
 * @param anchors default: one per 20 frames, at most 8
 */
export function uniformAnchorFrames(frameCount: number, anchors?: number): number[] {
  const defaultCount = Math.min(MAX_DEFAULT_ANCHORS, Math.ceil(frameCount / FRAMES_PER_ANCHOR));
  const count = Math.min(frameCount, anchors ?? defaultCount);
  if (count === 1) return [Math.floor(frameCount / 2)];
  return Array.from({ length: count }, (_, i) => Math.round((i * (frameCount - 1)) / (count - 1)));
}

/** Dimensions of a training step. */
export interface StepShape {
  readonly network: PaperNetwork;
  readonly stacks: number;
  readonly frames: number;
  readonly learnEncoder: boolean;
}

/**
 * Returns the approximate number of multiplications per point and training step, forward and backward. Progress counts
 * them.
 */
export function stepCost({ network, stacks, frames, learnEncoder }: StepShape): number {
  const { width, encoderLayers, hiddenLayers, factors } = network;
  const encoder = (18 + (encoderLayers - 1) * width) * width;
  const columns = factors?.frequency === 0 ? 2 * factors.rank : width;
  const decoders = stacks * hiddenLayers * width * columns + frames * headOutputs(network) * width;
  return (learnEncoder ? 3 : 1) * encoder + 3 * decoders;
}
