import { formatTime } from "../i18n/strings.js";
import { type ControlContext, toPercent } from "./control-context.js";
import type { PlayButton } from "./play-button.js";

/** CSS pixels of the bar's thumb: its middle goes from half of it to half of it before the end. */
const THUMB_WIDTH = 14;

/** What is buffered, as a gradient over the whole bar. */
function bufferedGradient(ranges: TimeRanges, duration: number): string {
  const [there, not] = ["var(--_buffered)", "var(--_rest)"];
  const stops: string[] = [];
  for (let i = 0; i < ranges.length; i++) {
    const [start, end] = [toPercent(ranges.start(i) / duration), toPercent(ranges.end(i) / duration)];
    stops.push(`${not} ${start}`, `${there} ${start}`, `${there} ${end}`, `${not} ${end}`);
  }
  return `linear-gradient(to right, ${[not, ...stops, not].join(", ")})`;
}

export interface SeekBar {
  readonly scrubbing: boolean;
}

/** The position in the video: shown, sought, and with a thumbnail of what is there. */
export function setupSeekBar(context: ControlContext, playing: PlayButton): SeekBar {
  const { host, layout, localizer, storyboard, signal, on } = context;
  const { seek, preview, previewPicture: previewFrame, previewTime } = layout;
  let scrubbing = false;
  let frame = 0;
  let pointed = 0;
  let gradient = "";

  const show = () => {
    const { duration, currentTime } = host;
    const known = Number.isFinite(duration) && duration > 0;
    const position = scrubbing ? Number(seek.value) : currentTime;
    seek.disabled = !known;
    if (known) seek.max = String(duration);
    if (!scrubbing) seek.value = String(currentTime);
    seek.style.setProperty("--_played", known ? toPercent(position / duration) : "0%");
    const text = `${formatTime(position)} / ${formatTime(duration)}`;
    if (layout.time.textContent === text) return;
    layout.time.textContent = text;
    seek.setAttribute(
      "aria-valuetext",
      `${formatTime(position)} ${localizer.strings.of} ${formatTime(duration)}`,
    );
  };
  const showBuffered = () => {
    const { duration, buffered } = host;
    const now = duration > 0 && Number.isFinite(duration) ? bufferedGradient(buffered, duration) : "none";
    if (now !== gradient) seek.style.setProperty("--_ranges", now);
    gradient = now;
  };
  // timeupdate comes four times a second, which shows on a short video's bar.
  const animate = () => {
    show();
    frame = host.paused ? 0 : requestAnimationFrame(animate);
  };

  const showPreview = async (seconds: number) => {
    pointed = seconds;
    const { duration } = host;
    if (!Number.isFinite(duration) || duration <= 0) return;
    previewTime.textContent = formatTime(seconds);
    preview.hidden = false;
    const thumbnail = await storyboard.thumbnailAt(seconds);
    if (pointed !== seconds || preview.hidden) return;
    previewFrame.hidden = thumbnail === null;
    if (thumbnail !== null) storyboard.showThumbnail(previewFrame, thumbnail);
    const room = seek.clientWidth;
    const half = preview.offsetWidth / 2;
    const middle = THUMB_WIDTH / 2 + ((room - THUMB_WIDTH) * seconds) / duration;
    preview.style.left = `${Math.min(Math.max(half, middle), Math.max(half, room - half))}px`;
  };
  const hidePreview = () => {
    pointed = Number.NaN;
    preview.hidden = true;
  };

  on(host, "timeupdate durationchange loadedmetadata seeking seeked emptied", show);
  on(host, "progress durationchange seeked timeupdate emptied", showBuffered);
  on(host, "playing", () => {
    cancelAnimationFrame(frame);
    animate();
  });
  on(seek, "pointermove", (event) => {
    const { left, width } = seek.getBoundingClientRect();
    const share =
      ((event as PointerEvent).clientX - left - THUMB_WIDTH / 2) / Math.max(1, width - THUMB_WIDTH);
    void showPreview(Math.min(1, Math.max(0, share)) * host.duration);
  });
  on(seek, "pointerleave pointercancel blur", hidePreview);
  // The page scrolls with this finger, or it was a palm: no change comes.
  on(seek, "pointercancel", () => {
    scrubbing = false;
    show();
  });
  on(seek, "input", () => {
    scrubbing = true;
    show();
    void showPreview(Number(seek.value));
  });
  on(seek, "change", () => {
    scrubbing = false;
    playing.seekTo(Number(seek.value));
    if (!seek.matches(":hover")) hidePreview();
  });
  localizer.onChange(() => {
    layout.time.textContent = "";
    show();
  }, signal);
  signal.addEventListener("abort", () => cancelAnimationFrame(frame), { once: true });
  show();
  return {
    get scrubbing() {
      return scrubbing;
    },
  };
}
