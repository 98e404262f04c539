import { SsimEvaluator, type SsimScores } from "./ms-ssim.js";
import { framePsnr } from "./psnr.js";

/** Quality of one decoded frame relative to its reference. */
export interface FrameComparison extends SsimScores {
  /** PSNR over 8-bit R'G'B' samples in dB, at most 100 (`framePsnr`). */
  readonly psnr: number;
}

/** Quality of a sequence of decoded frames relative to a reference. PSNR, SSIM and MS-SSIM are means over the frames. */
export interface Comparison extends FrameComparison {
  /** Number of frames compared. */
  readonly frames: number;
  /** Quality of each frame, in order. */
  readonly perFrame: readonly FrameComparison[];
}

/**
 * Compares decoded frames with a reference, one by one, until either sequence ends. Closes both iterators.
 *
 * @param decoded frames of `size` as 8-bit RGBA samples
 * @param reference frames of `size` as 8-bit packed R'G'B' samples
 * @param size size of the frames in pixels, at least 11 per side, the SSIM window
 * @param onFrame called after each frame with the number of frames compared so far
 * @throws what the iterators throw
 */
export async function compareFrames(
  decoded: AsyncIterable<Uint8Array>,
  reference: AsyncIterable<Uint8Array>,
  size: { readonly width: number; readonly height: number },
  onFrame: (done: number) => void = () => {},
): Promise<Comparison> {
  const ssim = new SsimEvaluator(size.width, size.height);
  const perFrame: FrameComparison[] = [];
  const references = reference[Symbol.asyncIterator]();
  try {
    for await (const frame of decoded) {
      const next = await references.next();
      if (next.done) break;
      perFrame.push({
        psnr: framePsnr(frame, next.value),
        ...ssim.compare(frame, next.value),
      });
      onFrame(perFrame.length);
    }
  } finally {
    await references.return?.();
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const msSsim = perFrame.flatMap((frame) => (frame.msSsim === undefined ? [] : [frame.msSsim]));
  return {
    frames: perFrame.length,
    psnr: mean(perFrame.map(({ psnr }) => psnr)),
    ssim: mean(perFrame.map(({ ssim }) => ssim)),
    msSsim: msSsim.length > 0 ? mean(msSsim) : undefined,
    perFrame,
  };
}

/**
 * Returns the indices of the frames with the lowest PSNR, worst first. Selected frames are at least `minDistance` frames
 * apart, because the neighbors of a bad frame look the same.
 *
 * @param perFrame PSNR of each frame in dB, in presentation order
 * @param count maximum number of frames to return; fewer are returned if `minDistance` leaves no others
 * @param minDistance minimum distance between two selected frames, in frames
 */
export function worstFrames(
  perFrame: readonly { readonly psnr: number }[],
  count: number,
  minDistance: number,
): number[] {
  const byPsnr = perFrame.map((_, frame) => frame).sort((a, b) => perFrame[a].psnr - perFrame[b].psnr);
  const selected: number[] = [];
  for (const frame of byPsnr) {
    if (selected.length === count) break;
    if (selected.every((other) => Math.abs(other - frame) >= minDistance)) selected.push(frame);
  }
  return selected;
}
