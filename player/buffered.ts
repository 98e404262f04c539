/** Seconds that are loaded ahead of the picture: few, so that a change of size shows soon. */
export const LOADED_AHEAD = 4;

type Buffered = Pick<HTMLMediaElement, "buffered" | "currentTime">;

/** The buffered range that holds the position, in seconds; null where nothing is there. */
export function bufferedAround({
  buffered,
  currentTime,
}: Buffered): { readonly start: number; readonly end: number } | null {
  for (let range = 0; range < buffered.length; range++) {
    const [start, end] = [buffered.start(range), buffered.end(range)];
    if (start <= currentTime + 0.1 && currentTime <= end) return { start, end };
  }
  return null;
}

/** End of the buffered range that holds the position, in seconds; the position itself where nothing is there. */
export const bufferedUntil = (media: Buffered): number => bufferedAround(media)?.end ?? media.currentTime;
