import { type ControlContext, setButtonState, toPercent } from "./control-context.js";

export interface VolumeControl {
  toggle(): void;
  /** Louder, or quieter by a negative step; from 0 to 1. */
  changeBy(step: number): void;
}

/** Loudness, and silence. */
export function setupVolume({
  host,
  layout,
  localizer,
  signal,
  on,
  showToast,
}: ControlContext): VolumeControl {
  const { volume } = layout;
  const show = () => {
    const silent = host.muted || host.volume === 0;
    setButtonState(
      layout.mute,
      silent ? "muted" : "sound",
      silent ? localizer.strings.unmute : localizer.strings.mute,
    );
    const level = host.muted ? 0 : host.volume;
    volume.value = String(level);
    volume.style.setProperty("--_level", toPercent(level));
    volume.setAttribute("aria-valuetext", `${Math.round(level * 100)} %`);
  };
  const set = (level: number) => {
    host.volume = Math.min(1, Math.max(0, level));
    host.muted = host.volume === 0;
  };
  const toggle = () => {
    if (host.volume === 0) set(0.5);
    else host.muted = !host.muted;
  };
  on(host, "volumechange", show);
  on(layout.mute, "click", toggle);
  on(volume, "input", () => set(Number(volume.value)));
  localizer.onChange(show, signal);
  show();
  return {
    toggle,
    changeBy(step) {
      // Twentieths do not add up exactly.
      set(Math.round(((host.muted ? 0 : host.volume) + step) * 100) / 100);
      showToast(`${Math.round(host.volume * 100)} %`);
    },
  };
}
