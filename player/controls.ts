import { commandForKey, type PlayerCommand } from "./keyboard.js";
import type { MediaElement } from "./media-element.js";
import type { Skin } from "./skin.js";
import { formatTime, STRINGS } from "./strings.js";

/** Milliseconds without a movement after which the controls of a playing film fade. */
const IDLE_AFTER = 2400;

const percent = (share: number) => `${(100 * Math.min(1, Math.max(0, share))).toFixed(3)}%`;

/** End of the buffered range that holds the position, in seconds. */
function bufferedUntil({ buffered, currentTime }: HTMLVideoElement): number {
  for (let range = 0; range < buffered.length; range++) {
    if (buffered.start(range) <= currentTime + 0.1 && currentTime <= buffered.end(range))
      return buffered.end(range);
  }
  return currentTime;
}

/** Connects the controls with the video, and the keys with both, until the signal aborts. */
export function driveControls(host: MediaElement, skin: Skin, signal: AbortSignal): void {
  const { video, stage, seek, volume } = skin;
  const on = (target: EventTarget, types: string, handle: (event: Event) => void) => {
    for (const type of types.split(" ")) target.addEventListener(type, handle, { signal });
  };
  const label = (control: HTMLElement, state: string, text: string) => {
    if (control.dataset.state === state) return;
    control.dataset.state = state;
    control.setAttribute("aria-label", text);
    control.title = text;
  };
  let scrubbing = false;

  const showTime = () => {
    const { duration, currentTime } = video;
    const known = Number.isFinite(duration) && duration > 0;
    const position = scrubbing ? Number(seek.value) : currentTime;
    seek.disabled = !known;
    if (known) seek.max = String(duration);
    if (!scrubbing) seek.value = String(currentTime);
    seek.style.setProperty("--_played", known ? percent(position / duration) : "0%");
    seek.style.setProperty("--_buffered", known ? percent(bufferedUntil(video) / duration) : "0%");
    const text = `${formatTime(position)} / ${formatTime(duration)}`;
    if (skin.time.textContent !== text) {
      skin.time.textContent = text;
      seek.setAttribute("aria-valuetext", `${formatTime(position)} ${STRINGS.of} ${formatTime(duration)}`);
    }
  };
  // timeupdate comes four times a second, which shows on a short film's bar.
  let frame = 0;
  const animate = () => {
    showTime();
    frame = video.paused ? 0 : requestAnimationFrame(animate);
  };
  on(video, "playing", () => {
    cancelAnimationFrame(frame);
    animate();
  });

  const showState = () => {
    if (video.ended) label(skin.play, "replay", STRINGS.replay);
    else if (video.paused) label(skin.play, "play", STRINGS.play);
    else label(skin.play, "pause", STRINGS.pause);
    const fresh = video.paused && video.currentTime === 0;
    skin.bigPlay.hidden = !fresh || !skin.error.hidden;
    showTime();
  };
  const showSound = () => {
    const silent = video.muted || video.volume === 0;
    label(skin.mute, silent ? "muted" : "sound", silent ? STRINGS.unmute : STRINGS.mute);
    const level = video.muted ? 0 : video.volume;
    volume.value = String(level);
    volume.style.setProperty("--_level", percent(level));
    volume.setAttribute("aria-valuetext", `${Math.round(level * 100)} %`);
  };
  const showSize = () => {
    const { videoWidth, videoHeight } = host;
    stage.toggleAttribute("data-shown", video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
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
    // A wait too short to notice needs no sign.
    waiting = setTimeout(() => {
      skin.spinner.hidden = video.paused || video.readyState > 2 || !skin.error.hidden;
    }, 250);
  };
  const isFullscreen = () => document.fullscreenElement === host;
  const showFullscreen = () => {
    const entered = isFullscreen();
    label(
      skin.fullscreen,
      entered ? "leave" : "enter",
      entered ? STRINGS.leaveFullscreen : STRINGS.enterFullscreen,
    );
    skin.fullscreen.hidden = !document.fullscreenEnabled;
  };

  const toggle = () => {
    if (video.paused) host.play().catch(() => undefined);
    else host.pause();
  };
  const setVolume = (level: number) => {
    video.volume = Math.min(1, Math.max(0, level));
    video.muted = video.volume === 0;
  };
  const toggleSound = () => {
    if (video.volume === 0) setVolume(0.5);
    else video.muted = !video.muted;
  };
  const seekTo = (seconds: number) => {
    if (Number.isFinite(video.duration)) video.currentTime = Math.min(video.duration, Math.max(0, seconds));
  };
  const toggleFullscreen = () => {
    const done = isFullscreen() ? document.exitFullscreen() : host.requestFullscreen();
    done.catch(() => undefined);
  };
  const obey = (command: PlayerCommand) => {
    if (command.type === "toggle") toggle();
    else if (command.type === "mute") toggleSound();
    else if (command.type === "fullscreen") toggleFullscreen();
    else if (command.type === "volume-by") setVolume((video.muted ? 0 : video.volume) + command.step);
    else if (command.type === "seek-by") seekTo(video.currentTime + command.seconds);
    else seekTo(command.share * video.duration);
  };

  let idle: ReturnType<typeof setTimeout> | undefined;
  const stir = () => {
    clearTimeout(idle);
    delete stage.dataset.idle;
    idle = setTimeout(() => {
      const busy = video.paused || scrubbing || skin.controls.querySelector(":focus-visible") !== null;
      if (!busy) stage.dataset.idle = "";
    }, IDLE_AFTER);
  };

  on(video, "play pause ended emptied seeked loadeddata", showState);
  on(video, "timeupdate durationchange progress loadedmetadata", showTime);
  on(video, "volumechange", showSound);
  on(video, "resize loadeddata emptied", showSize);
  on(video, "waiting seeking play playing canplay pause emptied error", showWaiting);
  on(document, "fullscreenchange", showFullscreen);
  on(stage, "pointermove pointerdown focusin keydown", stir);
  on(video, "play", stir);
  on(video, "click", toggle);
  on(skin.play, "click", toggle);
  on(skin.bigPlay, "click", () => {
    toggle();
    stage.focus({ preventScroll: true });
  });
  on(skin.mute, "click", toggleSound);
  on(skin.fullscreen, "click", toggleFullscreen);
  on(volume, "input", () => setVolume(Number(volume.value)));
  on(seek, "input", () => {
    scrubbing = true;
    showTime();
  });
  on(seek, "change", () => {
    scrubbing = false;
    seekTo(Number(seek.value));
  });
  on(stage, "keydown", (event) => {
    const key = event as KeyboardEvent;
    const target = key.composedPath()[0];
    const activates = target instanceof HTMLButtonElement && (key.key === " " || key.key === "Enter");
    const adjusts = target === volume && key.key.startsWith("Arrow");
    const command = commandForKey(key);
    if (key.defaultPrevented || activates || adjusts || command === null) return;
    key.preventDefault();
    obey(command);
  });
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(idle);
      clearTimeout(waiting);
      cancelAnimationFrame(frame);
    },
    { once: true },
  );
  showState();
  showSound();
  showFullscreen();
  showSize();
}
