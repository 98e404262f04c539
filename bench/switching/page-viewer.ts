/// <reference lib="dom" />
import type { Page } from "playwright-core";
import type {} from "../player/stage.js";
import { RATE, shownGray } from "./gray-video.js";

/** A frame that the browser has shown: its time in the video in seconds, and its gray. */
interface ShownFrame {
  readonly time: number;
  readonly gray: number;
}

/** A time without playback. */
export interface Stall {
  /** Position in seconds. */
  readonly at: number;
  /** Milliseconds of the page's clock. */
  readonly startedAt: number;
  readonly milliseconds: number;
  /** Whether a seek, or the start of playback, came before. */
  readonly afterSeek: boolean;
}

/** What a page has recorded. */
export interface Recording {
  readonly frames: readonly ShownFrame[];
  readonly stalls: readonly Stall[];
  /** Messages of the element's events `error`. */
  readonly errors: readonly string[];
}

/** Records all frames that `window.player` shows, how long playback stalls, and errors. */
export const record = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const { player } = window;
    const video = player.shadowRoot?.querySelector("video");
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    if (!video || !canvas) throw new Error("the player has no video");
    const recording = { frames: [] as ShownFrame[], stalls: [] as Stall[], errors: [] as string[] };
    let stalledAt: number | undefined;
    // The start of playback waits for the first segment, as a seek does.
    let afterSeek = true;
    player.addEventListener("seeking", () => {
      afterSeek = true;
    });
    player.addEventListener("waiting", () => {
      stalledAt ??= performance.now();
    });
    player.addEventListener("playing", () => {
      if (stalledAt !== undefined) {
        const milliseconds = performance.now() - stalledAt;
        recording.stalls.push({ at: player.currentTime, startedAt: stalledAt, milliseconds, afterSeek });
      }
      stalledAt = undefined;
    });
    player.addEventListener("error", () => recording.errors.push(player.error?.message ?? "unknown"));
    const onFrame: VideoFrameRequestCallback = (_now, { mediaTime }) => {
      canvas.drawImage(video, 0, 0, 1, 1);
      recording.frames.push({ time: mediaTime, gray: canvas.getImageData(0, 0, 1, 1).data[0] ?? 0 });
      if (stalledAt === undefined) afterSeek = false;
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
    Object.assign(window, { recording });
  });

/** Returns what `record` has recorded so far. */
export const recorded = (page: Page): Promise<Recording> =>
  page.evaluate(() => (window as unknown as { recording: Recording }).recording);

/**
 * Splits off the frames that were shown at a wrong time. A callback that is late on a busy machine sees one of the next three
 * frames already; these are counted.
 */
export function checkShownFrames(frames: readonly ShownFrame[]): {
  readonly late: number;
  readonly wrong: readonly ShownFrame[];
} {
  const shows = ({ time, gray }: ShownFrame, late: number) =>
    Math.abs(gray - shownGray(Math.round(time * RATE) + late)) <= 4;
  const others = frames.filter((frame) => !shows(frame, 0));
  const wrong = others.filter((frame) => ![1, 2, 3].some((late) => shows(frame, late)));
  return { late: others.length - wrong.length, wrong };
}

/** Seeks or resizes `window.player`. Every second call does the other. */
export const seekOrResize = (page: Page, call: number): Promise<void> =>
  page.evaluate((n) => {
    const { player } = window;
    // Fibonacci hashing (D. Knuth): the same actions in each run.
    const random = (Math.imul(n, 2_654_435_769) >>> 0) / 2 ** 32;
    if (n % 2 === 0) player.currentTime = random * (player.duration - 1);
    else player.style.width = `${16 * Math.round(10 + 14 * random)}px`;
  }, call);
