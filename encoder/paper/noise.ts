import { CHANNELS } from "../../codec/internal.js";
import type { PaperNoise } from "../options.js";
import { Random } from "../training/sampling/random.js";

export const NOISE_KINDS: readonly PaperNoise[] = ["white", "black", "salt-pepper", "random", "all"];

/** Noise changes one pixel in this many: 50,000 at 1920 x 1080, as published for NeRV (H. Chen et al. 2021). */
const PIXELS_PER_NOISY_PIXEL = 41.472;

/** Key of the noise in random streams. */
const NOISE_STREAM = 3;

/** Determines the noise of a frame: equal values give equal noise. */
export interface FrameNoise {
  readonly kind: PaperNoise;
  readonly seed: number;
  /** Index of the frame in the video. */
  readonly frame: number;
}

/** Adds noise to a frame, packed R'G'B', in place. */
export function addNoise(pixels: Uint8Array, { kind, seed, frame }: FrameNoise): void {
  const random = new Random(seed, NOISE_STREAM, frame);
  const pixelCount = pixels.length / CHANNELS;
  for (let left = Math.round(pixelCount / PIXELS_PER_NOISY_PIXEL); left > 0; left--) {
    const at = random.intBelow(pixelCount) * CHANNELS;
    const pixelKind = kind === "all" ? NOISE_KINDS[random.intBelow(NOISE_KINDS.length - 1)] : kind;
    if (pixelKind === "random") {
      for (let c = 0; c < CHANNELS; c++) pixels[at + c] = random.intBelow(256);
      continue;
    }
    const isWhite = pixelKind === "white" || (pixelKind === "salt-pepper" && random.intBelow(2) === 1);
    pixels.fill(isWhite ? 255 : 0, at, at + CHANNELS);
  }
}
