/// <reference lib="dom" />
import type { Page } from "playwright-core";
import { machine, rounded } from "./machine.js";
import { PlayerStage } from "./player/stage.js";

// What a viewer waits for, in headless Chromium on loopback with a server that has computed what is asked for: the first
// picture, the picture after a seek, and the segments until a resize shows. Medians.

const ROUNDS = 7;
const SMALL = 320;
const LARGE = 480;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Milliseconds from a player's coming into the page to its first picture. */
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

/** Milliseconds from a seek to where nothing is buffered to the picture there. */
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

/** Segments between the one that plays at a resize and the first on screen at the new size. */
const resize = (page: Page) =>
  page.evaluate(async (width) => {
    const { player } = window;
    const from = player.currentTime;
    player.style.width = `${width}px`;
    while (player.videoWidth !== width) await new Promise((resolve) => setTimeout(resolve, 10));
    // Segments of the middle of the video last a second.
    return Math.floor(player.currentTime) - Math.floor(from);
  }, LARGE);

const before = machine();
const stage = await PlayerStage.open();
try {
  await stage.warm(`${SMALL},180`, `${LARGE},270`);
  const figures = { firstFrame: [] as number[], seek: [] as number[], resize: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const { page, context } = await stage.page();
    figures.firstFrame.push(await firstFrame(page));
    await page.waitForTimeout(400);
    for (const to of [20.3, 9.6]) figures.seek.push(await seek(page, to + round / 5));
    await page.waitForTimeout(600);
    figures.resize.push(await resize(page));
    await context.close();
  }
  process.stdout.write(
    `${JSON.stringify({
      bench: "player",
      machine: before,
      rounds: ROUNDS,
      firstFrameMs: rounded(median(figures.firstFrame), 0),
      seekMs: rounded(median(figures.seek), 0),
      resizeSegments: median(figures.resize),
      resizeSegmentsMost: Math.max(...figures.resize),
      loadAfter: machine().load,
    })}\n`,
  );
} finally {
  await stage.close();
}
