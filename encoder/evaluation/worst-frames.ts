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
