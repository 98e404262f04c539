import { toNumber } from "../../codec/asset/rational.js";
import { interpolate, isolateLtr } from "../i18n/strings.js";
import type { Captions } from "./captions.js";
import type { ControlContext } from "./control-context.js";
import type { FullscreenControl } from "./fullscreen.js";
import { commandForKey, type PlayerCommand } from "./key-bindings.js";
import type { LazyPanels } from "./lazy-panels.js";
import type { PictureInPictureControl } from "./picture-in-picture.js";
import type { PlayControl } from "./play-button.js";
import { PLAYBACK_RATES } from "./playback-rates.js";
import type { VolumeControl } from "./volume.js";

export interface KeyTargets {
  readonly playControl: PlayControl;
  readonly volume: VolumeControl;
  readonly fullscreen: FullscreenControl;
  readonly pictureInPicture: PictureInPictureControl;
  readonly captions: Captions;
  readonly panels: LazyPanels;
}

const DEFAULT_FRAME_RATE = { num: 25, den: 1 };

/** Returns the next rate of the settings menu, up or down, or the current one at either end. */
export function nextPlaybackRate(current: number, step: number): number {
  const next =
    step > 0
      ? PLAYBACK_RATES.find((rate) => rate > current)
      : PLAYBACK_RATES.findLast((rate) => rate < current);
  return next ?? current;
}

/** Runs a command. Returns false if it had no effect: the browser or the page then handles the key. */
function runCommand(command: PlayerCommand, context: ControlContext, targets: KeyTargets): boolean {
  const { host, localizer, zoom, showToast } = context;
  const { playControl, panels } = targets;
  switch (command.type) {
    case "toggle":
      playControl.toggle();
      break;
    case "mute":
      targets.volume.toggleMute();
      break;
    case "fullscreen":
      targets.fullscreen.toggle();
      break;
    case "pip":
      targets.pictureInPicture.toggle();
      break;
    case "captions":
      targets.captions.toggle();
      break;
    case "statistics":
      panels.use(({ statistics }) => statistics.toggle());
      break;
    case "help":
      panels.use(({ help }) => help.toggle());
      break;
    case "escape":
      if (panels.helpOpen) panels.use(({ help }) => help.close());
      else if (zoom.zoomed) zoom.setView(null);
      else if (zoom.zoomToolActive) context.layout.zoomToolButton.click();
      else return false;
      break;
    case "volume-by":
      targets.volume.changeBy(command.step);
      break;
    case "seek-by":
      playControl.seekTo(host.currentTime + command.seconds);
      break;
    case "seek-to":
      if (command.fraction === 0 && zoom.zoomed) zoom.setView(null);
      else playControl.seekTo(command.fraction * host.duration);
      break;
    case "frame-by":
      host.pause();
      playControl.seekTo(
        host.currentTime + command.frames / toNumber(host.info?.frameRate ?? DEFAULT_FRAME_RATE),
      );
      break;
    case "speed-by":
      host.playbackRate = nextPlaybackRate(host.playbackRate, command.step);
      showToast(isolateLtr(`${host.playbackRate}×`));
      break;
    case "zoom-by":
      zoom.zoomStep(command.factor);
      showToast(
        interpolate(localizer.strings.zoomLevel, {
          zoom: isolateLtr(`${Number(zoom.factor.toFixed(1))}×`),
        }),
      );
      break;
    case "pan-by":
      if (!zoom.zoomed) return false;
      zoom.panByFraction(command.dx, command.dy);
      break;
  }
  return true;
}

/** Handles keys pressed while the focus is inside the player. */
export function setupKeyboard(context: ControlContext, targets: KeyTargets): void {
  const { host, layout, on } = context;
  on(layout.stage, "keydown", (event) => {
    const keyEvent = event as KeyboardEvent;
    const { key } = keyEvent;
    const target = keyEvent.composedPath()[0];
    const pressesButton = target instanceof HTMLButtonElement && (key === " " || key === "Enter");
    const movesVolume = target === layout.volumeSlider && key.startsWith("Arrow");
    const command = commandForKey(keyEvent);
    // In the slot `media` of another player, that player handles the keys.
    if (host.slot === "media") return;
    if (event.defaultPrevented || pressesButton || movesVolume || command === null) return;
    // While the help is open, only the keys that close it are handled. The others may scroll it.
    if (targets.panels.helpOpen && command.type !== "escape" && command.type !== "help") return;
    if (runCommand(command, context, targets)) event.preventDefault();
  });
}
