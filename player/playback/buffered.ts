/** Seconds of video to load ahead of the playhead. Few, so that a change of size shows soon. */
export const BUFFER_AHEAD_SECONDS = 4;

type Buffered = Pick<HTMLMediaElement, "buffered" | "currentTime">;

/**
 * Returns the buffered range around the playhead, in seconds, or null if the playhead is not buffered.
 *
 * @param lastEnd end of the last frame, in seconds. If the audio is longer, a playhead beyond it counts as being on
 *   the last frame.
 */
export function bufferedRangeAt(
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

/** Returns the end of the buffered range around the playhead, in seconds, or the playhead if it is not buffered. */
export const bufferedEnd = (media: Buffered): number => bufferedRangeAt(media)?.end ?? media.currentTime;
