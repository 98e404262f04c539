import type { PaperNetwork } from "../../codec/index.js";
import type { PaperSettings } from "./options.js";

/** Frames of a film for which one anchor frame is enough, and most anchors where no number is asked for. */
const FRAMES_AN_ANCHOR = 20;
const MOST_ANCHORS = 8;

/** The published network of a width and depth. */
export const paperNetwork = ({ width, hiddenLayers }: PaperSettings): PaperNetwork => ({
  profile: "paper",
  frequencies: 4,
  omega: 30,
  width,
  encoderLayers: 2,
  hiddenLayers,
});

/** Evenly spaced anchor frames, the first and the last among them; the middle one where there is one alone. */
export function planAnchorFrames(frameCount: number, wanted?: number): number[] {
  const count = Math.min(
    frameCount,
    wanted ?? Math.min(MOST_ANCHORS, Math.ceil(frameCount / FRAMES_AN_ANCHOR)),
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
  const { width, encoderLayers, hiddenLayers } = network;
  const shared = (18 + (encoderLayers - 1) * width) * width;
  const decoders = stacks * hiddenLayers * width * width + frames * 3 * width;
  return (learnEncoder ? 3 : 1) * shared + 3 * decoders;
}
