import { type ControlContext, setButtonState } from "./control-context.js";

export interface PlayControl {
  toggle(): void;
  /** @param seconds clamped to the duration; ignored while the duration is unknown */
  seekTo(seconds: number): void;
}

/** Sets up the play, pause and replay buttons. */
export function setupPlayButton({ host, layout, localizer, signal, on }: ControlContext): PlayControl {
  const { playButton, bigPlayButton, errorPanel, stage } = layout;
  const update = () => {
    const { strings } = localizer;
    if (host.ended) setButtonState(playButton, "replay", strings.replay);
    else if (host.paused) setButtonState(playButton, "play", strings.play);
    else setButtonState(playButton, "pause", strings.pause);
    const isAtRest = host.paused && host.currentTime === 0 && errorPanel.hidden === true;
    bigPlayButton.hidden = !isAtRest;
    stage.toggleAttribute("data-rest", isAtRest);
  };
  const toggle = () => {
    if (host.paused) host.play().catch(() => undefined);
    else host.pause();
  };

  on(host, "play pause ended emptied seeked loadeddata", update);
  on(playButton, "click", toggle);
  on(bigPlayButton, "click", () => {
    toggle();
    stage.focus({ preventScroll: true });
  });
  localizer.onChange(update, signal);
  update();
  return {
    toggle,
    seekTo(seconds) {
      const { duration } = host;
      if (Number.isFinite(duration)) host.currentTime = Math.min(duration, Math.max(0, seconds));
    },
  };
}
