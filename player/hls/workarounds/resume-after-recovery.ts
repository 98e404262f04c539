import Hls from "hls.js";

/**
 * Resumes playback after `recoverMediaError()`. The browser pauses a media element whose decoder fails, and the new
 * source that hls.js then attaches pauses it again (HTML, media element load algorithm). The viewer did not pause it.
 */
export function resumeAfterRecovery(hls: Hls, video: HTMLVideoElement): void {
  let wasPlaying = !video.paused;
  const recordState = () => {
    if (video.error === null) wasPlaying = !video.paused;
  };
  const listeners = new AbortController();
  const { signal } = listeners;
  for (const type of ["play", "pause"]) video.addEventListener(type, recordState, { signal });
  let attached = false;
  hls.on(Hls.Events.MEDIA_ATTACHED, () => {
    if (attached && wasPlaying && video.paused) video.play().catch(() => undefined);
    attached = true;
  });
  hls.on(Hls.Events.DESTROYING, () => listeners.abort());
}
