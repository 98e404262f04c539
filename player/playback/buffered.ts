/** Seconds that are loaded ahead of the picture: few, so that a change of size shows soon. */
export const LOADED_AHEAD = 4;

type Buffered = Pick<HTMLMediaElement, "buffered" | "currentTime">;

/**
 * The buffered range that holds the position, in seconds; null where nothing is there.
 *
 * @param lastEnd of the last frame, in seconds: behind it, where the sound is longer, the position is that of the frame
 */
export function bufferedAround(
  { buffered, currentTime }: Buffered,
  lastEnd = Number.POSITIVE_INFINITY,
): { readonly start: number; readonly end: number } | null {
  const position = Math.min(currentTime, lastEnd - 0.05);
  for (let range = 0; range < buffered.length; range++) {
    const [start, end] = [buffered.start(range), buffered.end(range)];
    if (start <= position + 0.1 && position <= end) return { start, end };
  }
  return null;
}

/** End of the buffered range that holds the position, in seconds; the position itself where nothing is there. */
export const bufferedUntil = (media: Buffered): number => bufferedAround(media)?.end ?? media.currentTime;
