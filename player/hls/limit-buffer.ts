import Hls from "hls.js";
import { BUFFER_AHEAD_SECONDS } from "../playback/buffered.js";
import type { PlaybackOptions } from "../playback/transport.js";

/** Segments to load ahead of the playhead at least. With very low frame rates, one is longer than all seconds to buffer. */
const MIN_SEGMENTS_AHEAD = 3;
/** Buffer goal that the first segment satisfies, in seconds. */
const FIRST_SEGMENT_SECONDS = 0.01;

/**
 * Sets how far hls.js buffers ahead: before playback only the visible frame, unless the player buffers ahead.
 *
 * @returns a function to call when `buffersAhead` may have changed
 */
export function limitBuffer(
  hls: Hls,
  { video, buffersAhead }: Pick<PlaybackOptions, "video" | "buffersAhead">,
): () => void {
  const update = () => {
    const isPlaying = !video.paused || video.played.length > 0;
    const segmentSeconds = hls.levels[hls.loadLevel]?.details?.targetduration ?? 0;
    const seconds =
      isPlaying || buffersAhead()
        ? Math.max(BUFFER_AHEAD_SECONDS, MIN_SEGMENTS_AHEAD * segmentSeconds)
        : FIRST_SEGMENT_SECONDS;
    hls.config.maxBufferLength = seconds;
    hls.config.maxMaxBufferLength = seconds;
  };
  const listeners = new AbortController();
  video.addEventListener("play", update, { signal: listeners.signal });
  hls.on(Hls.Events.LEVEL_LOADED, update);
  hls.on(Hls.Events.DESTROYING, () => listeners.abort());
  update();
  return update;
}
