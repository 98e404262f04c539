import Hls from "hls.js";
import { bufferedRangeAt } from "../../playback/buffered.js";

/**
 * Signals the end of the stream once the playhead is at the end and everything up to it is buffered. hls.js 1.7 usually
 * signals it only before the playhead gets there, so a seek to the very end would never finish.
 */
export function endStreamAtEnd(hls: Hls, video: HTMLVideoElement): void {
  const tick = () => {
    const end = hls.levels[hls.loadLevel]?.details?.fragments.at(-1)?.end;
    if (end === undefined || video.currentTime < end - 0.05) return;
    const range = bufferedRangeAt(video, end);
    if (range === null || range.end < end - 0.1) return;
    for (const type of ["audio", "video"] as const) hls.trigger(Hls.Events.BUFFER_EOS, { type });
  };
  const { FRAG_BUFFERED, BUFFER_FLUSHED, DESTROYING } = Hls.Events;
  hls.on(FRAG_BUFFERED, tick);
  hls.on(BUFFER_FLUSHED, tick);
  const listeners = new AbortController();
  video.addEventListener("seeking", tick, { signal: listeners.signal });
  hls.on(DESTROYING, () => listeners.abort());
}
