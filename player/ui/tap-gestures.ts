import { interpolate } from "../i18n/strings.js";
import type { AutoHide } from "./auto-hide.js";
import type { ControlContext } from "./control-context.js";
import type { FullscreenControl } from "./fullscreen.js";
import type { PlayControl } from "./play-button.js";

/** Two taps within this time are a double tap. */
const DOUBLE_TAP_MS = 300;
/** Seconds per double tap on a side. Further taps add up. */
const TAP_SEEK_SECONDS = 10;

export interface TapTargets {
  readonly playControl: PlayControl;
  readonly fullscreen: FullscreenControl;
  readonly autoHide: AutoHide;
}

/**
 * Handles clicks and taps on the video. A click plays or pauses, and a double click toggles full screen or resets
 * the zoom. A tap shows or hides the controls, and a double tap on the left or right third seeks.
 */
export function setupTapGestures(context: ControlContext, targets: TapTargets): void {
  const { host, layout, zoom, localizer, on, showToast } = context;
  const { playControl, fullscreen, autoHide } = targets;
  const { stage, videoContainer } = layout;
  let pointerType = "mouse";
  let lastTapTime = Number.NEGATIVE_INFINITY;
  let lastSide = 0;
  let seekCount = 0;

  const seekBy = (seconds: number) => {
    playControl.seekTo(host.currentTime + seconds);
    const text = seconds < 0 ? localizer.strings.seekedBack : localizer.strings.seekedForward;
    showToast(interpolate(text, { seconds: Math.abs(seconds) * seekCount }));
  };
  const onTap = (event: MouseEvent) => {
    const now = performance.now();
    const { left, width } = videoContainer.getBoundingClientRect();
    const fraction = (event.clientX - left) / width;
    const side = fraction < 1 / 3 ? -1 : fraction > 2 / 3 ? 1 : 0;
    if (now - lastTapTime < DOUBLE_TAP_MS && side !== 0 && side === lastSide) {
      seekCount++;
      seekBy(side * TAP_SEEK_SECONDS);
    } else {
      seekCount = 0;
      if (autoHide.hidden || host.paused) autoHide.show();
      else autoHide.hide();
    }
    lastTapTime = now;
    lastSide = side;
  };

  on(stage, "pointerdown", (event) => {
    pointerType = (event as PointerEvent).pointerType;
  });
  on(videoContainer, "click", (event) => {
    if (host.slot === "media") return;
    if (pointerType === "touch") onTap(event as MouseEvent);
    else playControl.toggle();
  });
  on(videoContainer, "dblclick", () => {
    if (host.slot === "media") return;
    if (zoom.zoomed) zoom.setView(null);
    else if (pointerType !== "touch") fullscreen.toggle();
  });
}
