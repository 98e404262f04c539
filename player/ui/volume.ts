import { type ControlContext, setButtonState, toPercent } from "./control-context.js";

export interface VolumeControl {
  toggleMute(): void;
  /** @param step added to the volume, -1 to 1 */
  changeBy(step: number): void;
}

/** Sets up the mute button and the volume slider. */
export function setupVolume(context: ControlContext): VolumeControl {
  const { host, layout, localizer, signal, on, showToast } = context;
  const { muteButton, volumeSlider } = layout;
  const update = () => {
    const { strings } = localizer;
    if (host.muted || host.volume === 0) setButtonState(muteButton, "muted", strings.unmute);
    else setButtonState(muteButton, "unmuted", strings.mute);
    const level = host.muted ? 0 : host.volume;
    volumeSlider.value = String(level);
    volumeSlider.style.setProperty("--_level", toPercent(level));
    volumeSlider.setAttribute("aria-valuetext", `${Math.round(level * 100)}%`);
  };
  const setVolume = (level: number) => {
    host.volume = Math.min(1, Math.max(0, level));
    host.muted = host.volume === 0;
  };
  const toggleMute = () => {
    if (host.volume === 0) setVolume(0.5);
    else host.muted = !host.muted;
  };

  on(host, "volumechange", update);
  on(muteButton, "click", toggleMute);
  on(volumeSlider, "input", () => setVolume(Number(volumeSlider.value)));
  localizer.onChange(update, signal);
  update();
  return {
    toggleMute,
    changeBy(step) {
      // Rounded, because sums of 0.05 are not exact in binary.
      setVolume(Math.round(((host.muted ? 0 : host.volume) + step) * 100) / 100);
      showToast(`${Math.round(host.volume * 100)}%`);
    },
  };
}
