import { CHANNELS } from "../../codec/internal.js";
import { Random } from "../training/sampling/random.js";

/** Pixels turned white, black, either by chance, into any color, or each of these by chance. */
export type PaperNoise = "white" | "black" | "salt-pepper" | "random" | "all";

/** The kinds of noise by the option's value. */
export const NOISE_KINDS: readonly PaperNoise[] = ["white", "black", "salt-pepper", "random", "all"];

/** Spoilt pixels a frame, one in so many: 50,000 in 1920 x 1080, as published for NeRV (H. Chen et al. 2021). */
const ONE_IN = 41.472;

/** Spoils frame `number` (packed R'G'B') in place; the same pixels whoever reads it. */
export function addNoise(frame: Uint8Array, kind: PaperNoise, seed: number, number: number): void {
  const random = new Random(seed, 3, number);
  const pixels = frame.length / CHANNELS;
  for (let left = Math.round(pixels / ONE_IN); left > 0; left--) {
    const at = random.below(pixels) * CHANNELS;
    const now = kind === "all" ? NOISE_KINDS[random.below(NOISE_KINDS.length - 1)] : kind;
    if (now === "random") {
      for (let c = 0; c < CHANNELS; c++) frame[at + c] = random.below(256);
      continue;
    }
    const white = now === "white" || (now === "salt-pepper" && random.below(2) === 1);
    frame.fill(white ? 255 : 0, at, at + CHANNELS);
  }
}
