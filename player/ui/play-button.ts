import { type ControlContext, setButtonState } from "./control-context.js";

/** Milliseconds of waiting that need no sign. */
const SPINNER_DELAY_MS = 250;

export interface PlayButton {
  toggle(): void;
  /** Seconds; bounded by the video. */
  seekTo(seconds: number): void;
}

/** Play, pause and play again; the sign that something is awaited; the size on screen. */
export function setupPlayButton({ host, layout, localizer, signal, on }: ControlContext): PlayButton {
  const { stage } = layout;
  const showState = () => {
    const { strings: text } = localizer;
    if (host.ended) setButtonState(layout.play, "replay", text.replay);
    else if (host.paused) setButtonState(layout.play, "play", text.play);
    else setButtonState(layout.play, "pause", text.pause);
    layout.bigPlay.hidden = !(host.paused && host.currentTime === 0) || !layout.error.hidden;
  };
  const showSize = () => {
    const { videoWidth, videoHeight } = host;
    stage.toggleAttribute("data-shown", host.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    layout.size.hidden = videoWidth === 0;
    const text = `${videoWidth} × ${videoHeight}`;
    if (layout.size.textContent === text) return;
    layout.size.textContent = text;
    delete layout.size.dataset.changed;
    void layout.size.offsetWidth; // restarts the animation
    layout.size.dataset.changed = "";
  };
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const showWaiting = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      layout.spinner.hidden = host.paused || host.readyState > 2 || !layout.error.hidden;
    }, SPINNER_DELAY_MS);
  };
  const toggle = () => {
    if (host.paused) host.play().catch(() => undefined);
    else host.pause();
  };

  on(host, "play pause ended emptied seeked loadeddata", showState);
  on(host, "resize loadeddata emptied", showSize);
  on(host, "waiting seeking play playing canplay pause emptied error", showWaiting);
  on(layout.play, "click", toggle);
  on(layout.bigPlay, "click", () => {
    toggle();
    stage.focus({ preventScroll: true });
  });
  localizer.onChange(showState, signal);
  signal.addEventListener("abort", () => clearTimeout(waiting), { once: true });
  showState();
  showSize();
  return {
    toggle,
    seekTo(seconds) {
      const { duration } = host;
      if (Number.isFinite(duration)) host.currentTime = Math.min(duration, Math.max(0, seconds));
    },
  };
}
