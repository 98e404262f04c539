import { headOutputs, type PaperFactors, type PaperNetwork } from "../../codec/internal.js";
import type { PaperTrainingSettings } from "./options.js";

/** Frames of a video for which one anchor frame is enough, and most anchors where no number is asked for. */
const FRAMES_AN_ANCHOR = 20;
const MAX_ANCHORS = 8;

const OMEGA = 30;

/** The published network of a width, depth, patch and kind of decoder. */
export const paperNetwork = ({
  width,
  hiddenLayers,
  patch,
  decoder,
  rank,
}: PaperTrainingSettings): PaperNetwork => ({
  profile: "paper",
  frequencies: 4,
  omega: OMEGA,
  width,
  encoderLayers: 2,
  hiddenLayers,
  patch,
  factors: factorsOf(width, decoder, rank),
});

/** Inside the sine about a product of factors. */
const FREQUENCY = 200;

function factorsOf(
  width: number,
  decoder: PaperTrainingSettings["decoder"],
  rank: number,
): PaperFactors | undefined {
  if (decoder === "full") return undefined;
  if (decoder === "low-rank") return { rank, frequency: 0, amplitude: 1 };
  return { rank, frequency: FREQUENCY, amplitude: Math.fround(Math.sqrt(6 / width) / OMEGA) };
}

/** Evenly spaced anchor frames, the first and the last among them; the middle one where there is one alone. */
export function uniformAnchorFrames(frameCount: number, wanted?: number): number[] {
  const count = Math.min(
    frameCount,
    wanted ?? Math.min(MAX_ANCHORS, Math.ceil(frameCount / FRAMES_AN_ANCHOR)),
  );
  if (count === 1) return [Math.floor(frameCount / 2)];
  return Array.from({ length: count }, (_, i) => Math.round((i * (frameCount - 1)) / (count - 1)));
}

/**
 * Multiplications a coordinate and training step, forward and backward, to the order of magnitude: what progress
 * is counted in.
 */
export function stepCost(
  network: PaperNetwork,
  stacks: number,
  frames: number,
  learnEncoder: boolean,
): number {
  const { width, encoderLayers, hiddenLayers, factors } = network;
  const shared = (18 + (encoderLayers - 1) * width) * width;
  const columns = factors?.frequency === 0 ? 2 * factors.rank : width;
  const decoders = stacks * hiddenLayers * width * columns + frames * headOutputs(network) * width;
  return (learnEncoder ? 3 : 1) * shared + 3 * decoders;
}
