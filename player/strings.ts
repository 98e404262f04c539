/** Words that the controls show or say. */
export const STRINGS = {
  player: "Video player",
  controls: "Playback controls",
  play: "Play",
  pause: "Pause",
  replay: "Play again",
  mute: "Mute",
  unmute: "Unmute",
  volume: "Volume",
  seek: "Position",
  enterFullscreen: "Full screen",
  leaveFullscreen: "Leave full screen",
  loading: "Loading",
  retry: "Try again",
  size: "Picture size being shown",
  of: "of",
} as const;

/** `m:ss`, or `h:mm:ss` from an hour on; unknown and endless durations are dashes. */
export function formatTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.floor(Math.max(0, seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
