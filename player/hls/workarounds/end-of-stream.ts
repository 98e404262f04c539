import Hls from "hls.js";
import { bufferedAround } from "../../playback/buffered.js";

/**
 * Says that nothing follows once the position is at the end and all until there is buffered. hls.js 1.7 mostly does so
 * only before that, and a seek to the very end would then wait for ever.
 */
export function endStreamAtEnd(hls: Hls, video: HTMLVideoElement): void {
  const tick = () => {
    const end = hls.levels[hls.loadLevel]?.details?.fragments.at(-1)?.end;
    if (end === undefined || video.currentTime < end - 0.05) return;
    const range = bufferedAround(video, end);
    if (range === null || range.end < end - 0.1) return;
    for (const type of ["audio", "video"] as const) hls.trigger(Hls.Events.BUFFER_EOS, { type });
  };
  const { FRAG_BUFFERED, BUFFER_FLUSHED, DESTROYING } = Hls.Events;
  hls.on(FRAG_BUFFERED, tick);
  hls.on(BUFFER_FLUSHED, tick);
  const listening = new AbortController();
  video.addEventListener("seeking", tick, { signal: listening.signal });
  hls.on(DESTROYING, () => listening.abort());
}
