/** End of the buffered range that holds the position, in seconds; the position itself where nothing is there. */
export function bufferedUntil({
  buffered,
  currentTime,
}: Pick<HTMLMediaElement, "buffered" | "currentTime">): number {
  for (let range = 0; range < buffered.length; range++) {
    if (buffered.start(range) <= currentTime + 0.1 && currentTime <= buffered.end(range))
      return buffered.end(range);
  }
  return currentTime;
}
