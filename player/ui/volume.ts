import { type ControlContext, label, percent } from "./control-context.js";

export interface VolumeControl {
  toggle(): void;
  /** Louder, or quieter by a negative step; from 0 to 1. */
  changeBy(step: number): void;
}

/** Loudness, and silence. */
export function driveVolume({ host, skin, words, signal, on, say }: ControlContext): VolumeControl {
  const { volume } = skin;
  const show = () => {
    const silent = host.muted || host.volume === 0;
    label(skin.mute, silent ? "muted" : "sound", silent ? words.text.unmute : words.text.mute);
    const level = host.muted ? 0 : host.volume;
    volume.value = String(level);
    volume.style.setProperty("--_level", percent(level));
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
  on(skin.mute, "click", toggle);
  on(volume, "input", () => set(Number(volume.value)));
  words.onChange(show, signal);
  show();
  return {
    toggle,
    changeBy(step) {
      // Twentieths do not add up exactly.
      set(Math.round(((host.muted ? 0 : host.volume) + step) * 100) / 100);
      say(`${Math.round(host.volume * 100)} %`);
    },
  };
}
