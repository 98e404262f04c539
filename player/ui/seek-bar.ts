import { windowOf } from "../dom.js";
import { formatTime, interpolate } from "../i18n/strings.js";
import { type ControlContext, toPercent } from "./control-context.js";
import type { LazyPanels } from "./lazy-panels.js";
import type { PlayControl } from "./play-button.js";

/** Width of the slider's thumb in CSS pixels. Its center stays half of it away from both ends. */
export const THUMB_WIDTH = 14;

/** Returns the buffered ranges as a gradient along the slider. */
function bufferedGradient(ranges: TimeRanges, duration: number): string {
  const [buffered, empty] = ["var(--_buffered)", "var(--_rest)"];
  const stops: string[] = [];
  for (let i = 0; i < ranges.length; i++) {
    const [start, end] = [toPercent(ranges.start(i) / duration), toPercent(ranges.end(i) / duration)];
    stops.push(`${empty} ${start}`, `${buffered} ${start}`, `${buffered} ${end}`, `${empty} ${end}`);
  }
  return `linear-gradient(to right, ${[empty, ...stops, empty].join(", ")})`;
}

export const isKnown = (duration: number) => Number.isFinite(duration) && duration > 0;

export interface SeekBar {
  readonly scrubbing: boolean;
}

/** Sets up the seek slider, with the time, the buffered ranges and the thumbnail preview. */
export function setupSeekBar(
  { host, layout, localizer, signal, on }: ControlContext,
  playControl: PlayControl,
  panels: LazyPanels,
): SeekBar {
  const { seekSlider, time } = layout;
  const showPreview = (seconds: number) => panels.enhance(({ preview }) => void preview.show(seconds));
  const hidePreview = () => panels.enhance(({ preview }) => preview.hide());
  let scrubbing = false;
  let animationFrame = 0;
  let gradient = "";

  const updatePosition = () => {
    const { duration, currentTime } = host;
    const known = isKnown(duration);
    const position = scrubbing ? Number(seekSlider.value) : currentTime;
    seekSlider.disabled = !known;
    if (known) seekSlider.max = String(duration);
    if (!scrubbing) seekSlider.value = String(currentTime);
    seekSlider.style.setProperty("--_played", known ? toPercent(position / duration) : "0%");
    const values = { position: formatTime(position), duration: formatTime(duration) };
    const text = `${values.position} / ${values.duration}`;
    if (time.textContent === text) return;
    time.textContent = text;
    seekSlider.setAttribute("aria-valuetext", interpolate(localizer.strings.seekPosition, values));
  };
  const updateBuffered = () => {
    const { duration, buffered } = host;
    const next = isKnown(duration) ? bufferedGradient(buffered, duration) : "none";
    if (next !== gradient) seekSlider.style.setProperty("--_ranges", next);
    gradient = next;
  };
  // timeupdate fires about four times per second, too rarely for the slider of a short video.
  const animate = () => {
    updatePosition();
    animationFrame = host.paused ? 0 : windowOf(host).requestAnimationFrame(animate);
  };

  on(host, "timeupdate durationchange loadedmetadata seeking seeked emptied", updatePosition);
  on(host, "progress durationchange seeked timeupdate emptied", updateBuffered);
  on(host, "playing", () => {
    cancelAnimationFrame(animationFrame);
    animate();
  });
  on(seekSlider, "pointermove", (event) => {
    const { left, width } = seekSlider.getBoundingClientRect();
    const x = (event as PointerEvent).clientX - left - THUMB_WIDTH / 2;
    const fraction = x / Math.max(1, width - THUMB_WIDTH);
    showPreview(Math.min(1, Math.max(0, fraction)) * host.duration);
  });
  on(seekSlider, "pointerleave pointercancel blur", hidePreview);
  // The browser has taken over the touch, such as to scroll the page: no change event follows.
  on(seekSlider, "pointercancel", () => {
    scrubbing = false;
    updatePosition();
  });
  on(seekSlider, "input", () => {
    scrubbing = true;
    updatePosition();
    showPreview(Number(seekSlider.value));
  });
  on(seekSlider, "change", () => {
    scrubbing = false;
    playControl.seekTo(Number(seekSlider.value));
    if (!seekSlider.matches(":hover")) hidePreview();
  });
  localizer.onChange(() => {
    time.textContent = "";
    updatePosition();
  }, signal);
  signal.addEventListener("abort", () => cancelAnimationFrame(animationFrame), { once: true });
  updatePosition();
  return {
    get scrubbing() {
      return scrubbing;
    },
  };
}
