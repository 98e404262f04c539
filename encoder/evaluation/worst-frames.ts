/**
 * The frames with the lowest PSNR, worst first, no two of them less than `apart` frames from each other: the
 * neighbors of a bad frame are as bad, and show nothing new.
 */
export function worstFrames(
  perFrame: readonly { readonly psnr: number }[],
  count: number,
  apart: number,
): number[] {
  const order = perFrame.map((_, frame) => frame).sort((a, b) => perFrame[a].psnr - perFrame[b].psnr);
  const chosen: number[] = [];
  for (const frame of order) {
    if (chosen.length === count) break;
    if (chosen.every((other) => Math.abs(other - frame) >= apart)) chosen.push(frame);
  }
  return chosen;
}
