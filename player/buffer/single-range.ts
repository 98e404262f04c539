import Hls from "hls.js";

/**
 * Keeps one buffered range: after a seek, flushes every range but the one around the playhead. It flushes only when the
 * new position is buffered, and once per seek, because a segment that the server cannot render permanently leaves two
 * ranges.
 */
export function keepSingleRange(hls: Hls, video: HTMLVideoElement): void {
  let seekPending = false;
  const flush = (startOffset: number, endOffset: number) =>
    hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset, type: null });
  const flushOtherRanges = () => {
    if (!seekPending || video.seeking) return;
    const { buffered, currentTime } = video;
    for (let i = 0; i < buffered.length; i++) {
      if (currentTime < buffered.start(i) || currentTime > buffered.end(i)) continue;
      seekPending = false;
      if (i > 0) flush(0, buffered.end(i - 1));
      if (i + 1 < buffered.length) flush(buffered.start(i + 1), Number.POSITIVE_INFINITY);
      return;
    }
  };
  const listeners = new AbortController();
  const { signal } = listeners;
  video.addEventListener(
    "seeking",
    () => {
      seekPending = true;
    },
    { signal },
  );
  // The new position may lie in a range that is buffered to the end of the video: then no further segment loads.
  video.addEventListener("seeked", flushOtherRanges, { signal });
  hls.on(Hls.Events.FRAG_BUFFERED, flushOtherRanges);
  hls.on(Hls.Events.DESTROYING, () => listeners.abort());
}
