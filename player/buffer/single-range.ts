import Hls from "hls.js";

/**
 * After a seek only what is buffered around the new place stays: one range, not an island for each seek. Not before
 * the new place has come, and once a seek, since a part that the server cannot make leaves two ranges for good.
 */
export function keepSingleRange(hls: Hls, video: HTMLVideoElement): void {
  let sought = false;
  const flush = (startOffset: number, endOffset: number) =>
    hls.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset, type: null });
  const tidy = () => {
    if (!sought || video.seeking) return;
    const { buffered, currentTime } = video;
    for (let i = 0; i < buffered.length; i++) {
      if (currentTime < buffered.start(i) || currentTime > buffered.end(i)) continue;
      sought = false;
      if (i > 0) flush(0, buffered.end(i - 1));
      if (i + 1 < buffered.length) flush(buffered.start(i + 1), Number.POSITIVE_INFINITY);
      return;
    }
  };
  const listening = new AbortController();
  const { signal } = listening;
  video.addEventListener(
    "seeking",
    () => {
      sought = true;
    },
    { signal },
  );
  // The new place may be an island that is buffered to the end, for which nothing is loaded any more.
  video.addEventListener("seeked", tidy, { signal });
  hls.on(Hls.Events.FRAG_BUFFERED, tidy);
  hls.on(Hls.Events.DESTROYING, () => listening.abort());
}
