import Hls from "hls.js";

/**
 * Plays on where a decoder has failed. The browser pauses a video that fails, and another source, which hls.js gives it
 * then, pauses it as well (the standard's media element load algorithm): the viewer did not.
 */
export function resumeAfterRecovery(hls: Hls, video: HTMLVideoElement): void {
  let playing = !video.paused;
  const note = () => {
    if (video.error === null) playing = !video.paused;
  };
  const listening = new AbortController();
  const { signal } = listening;
  for (const type of ["play", "pause"]) video.addEventListener(type, note, { signal });
  let attached = false;
  hls.on(Hls.Events.MEDIA_ATTACHED, () => {
    if (attached && playing && video.paused) video.play().catch(() => undefined);
    attached = true;
  });
  hls.on(Hls.Events.DESTROYING, () => listening.abort());
}
