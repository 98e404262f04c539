/// <reference lib="dom" />
import type { Page } from "playwright-core";
import { machine, rounded } from "./machine.js";
import { PlayerStage } from "./player/stage.js";

// Measures latencies of the player in headless Chromium on loopback, with segments that the server has cached: time to the
// first frame, time to the frame after a seek, and number of segments until a resize is visible. Prints medians.

const ROUNDS = 7;
const SMALL = 320;
const LARGE = 480;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Measures the milliseconds from inserting the element to its first frame. */
const firstFrame = (page: Page) =>
  page.evaluate(async (width) => {
    const player = document.createElement("siedd-player");
    Object.assign(player, { src: "/video", muted: true, autoplay: true });
    player.style.width = `${width}px`;
    window.player = player;
    const started = performance.now();
    document.body.append(player);
    await new Promise((resolve) => player.requestVideoFrameCallback(resolve));
    return performance.now() - started;
  }, SMALL);

/** Measures the milliseconds from a seek outside the buffer to the frame there. */
const seek = (page: Page, to: number) =>
  page.evaluate(async (seconds) => {
    const { player } = window;
    const started = performance.now();
    player.currentTime = seconds;
    for (;;) {
      const { mediaTime } = await new Promise<VideoFrameCallbackMetadata>((resolve) =>
        player.requestVideoFrameCallback((_now, metadata) => resolve(metadata)),
      );
      if (Math.abs(mediaTime - seconds) < 0.5) return performance.now() - started;
    }
  }, to);

/** Counts the segments from the one that plays at a resize to the first one at the new size. */
const resize = (page: Page) =>
  page.evaluate(async (width) => {
    const { player } = window;
    const from = player.currentTime;
    player.style.width = `${width}px`;
    while (player.videoWidth !== width) await new Promise((resolve) => setTimeout(resolve, 10));
    // All segments except the first ones last one second.
    return Math.floor(player.currentTime) - Math.floor(from);
  }, LARGE);

const before = machine();
const stage = await PlayerStage.open();
try {
  await stage.warmCache(`${SMALL},180`, `${LARGE},270`);
  const samples = { firstFrame: [] as number[], seek: [] as number[], resize: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const { page, context } = await stage.openPage();
    samples.firstFrame.push(await firstFrame(page));
    await page.waitForTimeout(400);
    for (const to of [20.3, 9.6]) samples.seek.push(await seek(page, to + round / 5));
    await page.waitForTimeout(600);
    samples.resize.push(await resize(page));
    await context.close();
  }
  process.stdout.write(
    `${JSON.stringify({
      bench: "player",
      machine: before,
      rounds: ROUNDS,
      firstFrameMs: rounded(median(samples.firstFrame), 0),
      seekMs: rounded(median(samples.seek), 0),
      resizeSegments: median(samples.resize),
      resizeSegmentsMax: Math.max(...samples.resize),
      loadAfter: machine().load,
    })}\n`,
  );
} finally {
  await stage.close();
}
