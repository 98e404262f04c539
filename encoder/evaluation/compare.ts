import { framePsnr } from "./psnr.js";
import { Ssim } from "./ssim.js";

/** How close decoded frames come to a reference. */
export interface Comparison {
  readonly frames: number;
  /** dB over 8-bit R'G'B', the mean over frames of each frame's PSNR. */
  readonly psnr: number;
  /** The mean over frames, on luma. */
  readonly ssim: number;
  readonly perFrame: readonly { readonly psnr: number; readonly ssim: number }[];
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
  const ssim = new Ssim(size.width, size.height);
  const perFrame: { psnr: number; ssim: number }[] = [];
  const other = reference[Symbol.asyncIterator]();
  try {
    for await (const frame of decoded) {
      const next = await other.next();
      if (next.done) break;
      perFrame.push({ psnr: framePsnr(frame, next.value), ssim: ssim.frame(frame, next.value) });
      onFrame(perFrame.length);
    }
  } finally {
    await other.return?.();
  }
  const mean = (key: "psnr" | "ssim") =>
    perFrame.reduce((sum, frame) => sum + frame[key], 0) / perFrame.length;
  return { frames: perFrame.length, psnr: mean("psnr"), ssim: mean("ssim"), perFrame };
}
