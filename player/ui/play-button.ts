import { type ControlContext, label } from "./control-context.js";

/** Milliseconds of waiting that need no sign. */
const UNNOTICED = 250;

export interface PlayButton {
  toggle(): void;
  /** Seconds; bounded by the video. */
  seekTo(seconds: number): void;
}

/** Play, pause and play again; the sign that something is awaited; the size on screen. */
export function drivePlayButton({ host, skin, words, signal, on }: ControlContext): PlayButton {
  const { stage } = skin;
  const showState = () => {
    const { text } = words;
    if (host.ended) label(skin.play, "replay", text.replay);
    else if (host.paused) label(skin.play, "play", text.play);
    else label(skin.play, "pause", text.pause);
    skin.bigPlay.hidden = !(host.paused && host.currentTime === 0) || !skin.error.hidden;
  };
  const showSize = () => {
    const { videoWidth, videoHeight } = host;
    stage.toggleAttribute("data-shown", host.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    skin.size.hidden = videoWidth === 0;
    const text = `${videoWidth} × ${videoHeight}`;
    if (skin.size.textContent === text) return;
    skin.size.textContent = text;
    delete skin.size.dataset.changed;
    void skin.size.offsetWidth; // restarts the animation
    skin.size.dataset.changed = "";
  };
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const showWaiting = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      skin.spinner.hidden = host.paused || host.readyState > 2 || !skin.error.hidden;
    }, UNNOTICED);
  };
  const toggle = () => {
    if (host.paused) host.play().catch(() => undefined);
    else host.pause();
  };

  on(host, "play pause ended emptied seeked loadeddata", showState);
  on(host, "resize loadeddata emptied", showSize);
  on(host, "waiting seeking play playing canplay pause emptied error", showWaiting);
  on(skin.play, "click", toggle);
  on(skin.bigPlay, "click", () => {
    toggle();
    stage.focus({ preventScroll: true });
  });
  words.onChange(showState, signal);
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
