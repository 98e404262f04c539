import { toNumber } from "../../codec/asset/rational.js";
import { interpolate, isolateLtr } from "../i18n/strings.js";
import type { Captions } from "./captions.js";
import type { ControlContext } from "./control-context.js";
import type { Help } from "./help.js";
import { commandForKey, type PlayerCommand } from "./keyboard.js";
import type { Menu } from "./menu.js";
import type { PlayButton } from "./play-button.js";
import type { Screens } from "./screens.js";
import { SPEEDS, type Statistics } from "./settings.js";
import type { VolumeControl } from "./volume.js";

export interface KeyTargets {
  readonly playing: PlayButton;
  readonly volume: VolumeControl;
  readonly screens: Screens;
  readonly captions: Captions;
  readonly statistics: Statistics;
  readonly menu: Menu;
  readonly help: Help;
}

/** The next speed of the menu, in either direction. */
export function nextSpeed(current: number, step: number): number {
  const next =
    step > 0 ? SPEEDS.find((speed) => speed > current) : SPEEDS.findLast((speed) => speed < current);
  return next ?? current;
}

/** Does what keys say that are pressed while the player has the focus. */
export function setupKeys(context: ControlContext, targets: KeyTargets): void {
  const { host, layout, localizer, zoom, on, showToast } = context;
  const { playing, volume, screens, captions, statistics, help } = targets;

  /** False where nothing was there to be done, so that the key stays the page's. */
  const obey = (command: PlayerCommand): boolean => {
    switch (command.type) {
      case "toggle":
        playing.toggle();
        break;
      case "mute":
        volume.toggle();
        break;
      case "fullscreen":
        screens.toggleFullscreen();
        break;
      case "pip":
        screens.togglePip();
        break;
      case "captions":
        captions.toggle();
        break;
      case "statistics":
        statistics.toggle();
        break;
      case "help":
        help.toggle();
        break;
      case "leave":
        if (help.open) help.close();
        else if (zoom.zoomed) zoom.setView(null);
        else if (zoom.zoomToolActive) layout.zoomTool.click();
        else return false;
        break;
      case "volume-by":
        volume.changeBy(command.step);
        break;
      case "seek-by":
        playing.seekTo(host.currentTime + command.seconds);
        break;
      case "seek-to":
        if (command.share === 0 && zoom.zoomed) zoom.setView(null);
        else playing.seekTo(command.share * host.duration);
        break;
      case "frame-by":
        host.pause();
        playing.seekTo(
          host.currentTime + command.frames / toNumber(host.info?.frameRate ?? { num: 25, den: 1 }),
        );
        break;
      case "speed-by":
        host.playbackRate = nextSpeed(host.playbackRate, command.step);
        showToast(isolateLtr(`${host.playbackRate}×`));
        break;
      case "zoom-by":
        zoom.zoomStep(command.factor);
        showToast(interpolate(localizer.strings.zoomed, { zoom: Number(zoom.factor.toFixed(1)) }));
        break;
      case "pan-by":
        if (!zoom.zoomed) return false;
        zoom.panByShare(command.across, command.down);
        break;
    }
    return true;
  };

  on(layout.stage, "keydown", (event) => {
    const key = event as KeyboardEvent;
    const target = key.composedPath()[0];
    const activates = target instanceof HTMLButtonElement && (key.key === " " || key.key === "Enter");
    const adjusts = target === layout.volume && key.key.startsWith("Arrow");
    const command = commandForKey(key);
    // Within another player's controls the keys are theirs.
    if (host.slot === "media") return;
    if (key.defaultPrevented || activates || adjusts || command === null) return;
    // Under the sheet of keys only those that close it do anything; scrolling stays.
    if (help.open && command.type !== "leave" && command.type !== "help") return;
    if (obey(command)) key.preventDefault();
  });
}
