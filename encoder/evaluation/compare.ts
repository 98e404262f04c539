import { type FrameSimilarity, Similarity } from "./ms-ssim.js";
import { framePsnr } from "./psnr.js";

/** How close one decoded frame comes to its reference. */
export interface FrameComparison extends FrameSimilarity {
  /** dB over 8-bit R'G'B'. */
  readonly psnr: number;
}

/** How close decoded frames come to a reference: means over the frames. */
export interface Comparison extends FrameComparison {
  readonly frames: number;
  readonly perFrame: readonly FrameComparison[];
}

/**
 * Compares frame by frame until either side ends. decoded: RGBA, reference: packed R'G'B', both 8 bits of
 * `width` x `height` pixels.
 */
export async function compareFrames(
  decoded: AsyncIterable<Uint8Array>,
  reference: AsyncIterable<Uint8Array>,
  size: { readonly width: number; readonly height: number },
  onFrame: (done: number) => void = () => {},
): Promise<Comparison> {
  const similarity = new Similarity(size.width, size.height);
  const perFrame: FrameComparison[] = [];
  const other = reference[Symbol.asyncIterator]();
  try {
    for await (const frame of decoded) {
      const next = await other.next();
      if (next.done) break;
      perFrame.push({
        psnr: framePsnr(frame, next.value),
        ...similarity.frame(frame, next.value),
      });
      onFrame(perFrame.length);
    }
  } finally {
    await other.return?.();
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const multiscale = perFrame.flatMap(({ msSsim }) => (msSsim === undefined ? [] : [msSsim]));
  return {
    frames: perFrame.length,
    psnr: mean(perFrame.map(({ psnr }) => psnr)),
    ssim: mean(perFrame.map(({ ssim }) => ssim)),
    msSsim: multiscale.length > 0 ? mean(multiscale) : undefined,
    perFrame,
  };
}
