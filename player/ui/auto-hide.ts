import { interpolate } from "../i18n/strings.js";
import type { ControlContext } from "./control-context.js";
import type { PlayButton } from "./play-button.js";
import type { Screens } from "./screens.js";

/** Milliseconds without a movement after which the controls of a playing video fade. */
const IDLE_DELAY_MS = 2400;
/** Milliseconds between two taps that are one double tap. */
const DOUBLE_TAP_MS = 300;
/** Seconds of a double tap at a side; more taps add up. */
const TAP_SEEK_SECONDS = 10;

/** Hands over the picture: controls come and go, a click plays or pauses, a double tap seeks. */
export function setupAutoHide(
  context: ControlContext,
  playing: PlayButton,
  screens: Screens,
  busy: () => boolean,
): void {
  const { host, layout, zoom, localizer, signal, on, showToast } = context;
  const { stage, frame } = layout;
  let idle: ReturnType<typeof setTimeout> | undefined;
  let pointer = "mouse";
  let lastTap = Number.NEGATIVE_INFINITY;
  let lastSide = 0;
  let taps = 0;

  const rest = () => {
    if (!host.paused && !busy() && layout.controls.querySelector(":focus-visible") === null)
      stage.dataset.idle = "";
  };
  const stir = () => {
    clearTimeout(idle);
    delete stage.dataset.idle;
    idle = setTimeout(rest, IDLE_DELAY_MS);
  };
  const seekBy = (seconds: number) => {
    playing.seekTo(host.currentTime + seconds);
    const text = seconds < 0 ? localizer.strings.seekedBack : localizer.strings.seekedForward;
    showToast(interpolate(text, { seconds: Math.abs(seconds) * taps }));
  };
  /** A tap shows the controls or hides them; further ones at a side seek. */
  const tap = (event: MouseEvent) => {
    const now = performance.now();
    const { left, width } = frame.getBoundingClientRect();
    const across = (event.clientX - left) / width;
    const side = across < 1 / 3 ? -1 : across > 2 / 3 ? 1 : 0;
    if (now - lastTap < DOUBLE_TAP_MS && side !== 0 && side === lastSide) {
      taps++;
      seekBy(side * TAP_SEEK_SECONDS);
    } else {
      taps = 0;
      if (stage.dataset.idle === undefined && !host.paused) {
        clearTimeout(idle);
        stage.dataset.idle = "";
      } else stir();
    }
    lastTap = now;
    lastSide = side;
  };

  on(stage, "pointerdown", (event) => {
    pointer = (event as PointerEvent).pointerType;
    if (pointer !== "touch") stir();
  });
  on(stage, "pointermove", () => pointer !== "touch" && stir());
  on(stage, "keydown", stir);
  // The focus that a tap gives comes before its click, which would then find the controls there and hide them.
  on(stage, "focusin", (event) => (event.target as Element).matches(":focus-visible") && stir());
  on(layout.controls, "click input", stir);
  on(host, "play pause", stir);
  on(frame, "click", (event) => {
    if (host.slot === "media") return;
    if (pointer === "touch") tap(event as MouseEvent);
    else playing.toggle();
  });
  on(frame, "dblclick", () => {
    if (host.slot === "media") return;
    if (zoom.zoomed) zoom.setView(null);
    else if (pointer !== "touch") screens.toggleFullscreen();
  });
  signal.addEventListener("abort", () => clearTimeout(idle), { once: true });
}
