import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { type PageOptions, reach, Stage } from "./player-stage.js";

/** The picture on screen: its size, its pixels, and what is counted. */
const seen = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const canvas = player.shadowRoot!.querySelector("canvas.picture") as HTMLCanvasElement | null;
    const { totalVideoFrames: total, droppedVideoFrames: dropped } = player.getVideoPlaybackQuality();
    return {
      size: `${player.videoWidth}x${player.videoHeight}`,
      canvas: canvas === null || canvas.hidden ? null : `${canvas.width}x${canvas.height}`,
      transport: player.transport,
      time: player.currentTime,
      duration: player.duration,
      paused: player.paused,
      ranges: player.buffered.length,
      total,
      dropped,
      error: player.error?.message ?? null,
    };
  });

const pixels = (page: Page) =>
  page.evaluate(() => {
    const canvas = window.player.shadowRoot!.querySelector("canvas.picture") as HTMLCanvasElement;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(data);
  });

const painted = (page: Page, size: string) =>
  page.waitForFunction((wanted) => {
    const canvas = window.player.shadowRoot?.querySelector<HTMLCanvasElement>("canvas.picture");
    return canvas && !canvas.hidden && `${canvas.width}x${canvas.height}` === wanted;
  }, size);

describe("direct mode in Chromium", { concurrency: false, timeout: 120_000 }, () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  before(async () => {
    stage = await Stage.open({ after: (end) => void ends.unshift(end as () => unknown) });
  });
  after(async () => {
    for (const end of ends) await end();
  });
  const open = (
    t: { after(end: () => unknown): void },
    style: string,
    rest = "",
    options: PageOptions = {},
  ) =>
    stage.page(t, `<siedd-player src="film" mode="direct" style="${style}" ${rest}></siedd-player>`, options);

  test("plays with sound, in step with it, at exactly the pixels that the element takes up", async (t) => {
    const { page, faults } = await open(t, "width: 404px");
    await page.evaluate(() => window.player.play());
    await reach(page, 1.5);
    const now = await seen(page);
    assert.equal(now.size, "404x228");
    assert.equal(now.canvas, "404x228");
    assert.equal(now.transport, "direct");
    assert.equal(now.duration, 8);
    assert.equal(now.ranges, 1);
    assert.ok(now.total >= 20, `${now.total} frames came due`);
    assert.ok(now.dropped < now.total / 4, `${now.dropped} of ${now.total} frames were dropped`);
    const sound = await page.evaluate(
      () =>
        (
          window.player.shadowRoot!.querySelector("video") as unknown as {
            webkitAudioDecodedByteCount: number;
          }
        ).webkitAudioDecodedByteCount,
    );
    assert.ok(sound > 0, "no sound was decoded");
    assert.deepEqual(faults, []);
  });

  test("shows the frame of the moment, within 2 of 255 of the server's picture", async (t) => {
    const { page } = await open(t, "width: 404px");
    await painted(page, "404x228");
    for (const [milliseconds, width, height] of [
      [0, 404, 228],
      [3480, 404, 228],
      [6040, 252, 142],
    ] as const) {
      await page.evaluate(
        ([seconds, w]) => {
          window.player.style.width = `${w}px`;
          window.player.currentTime = seconds!;
          return new Promise((resolve) => window.player.addEventListener("seeked", resolve, { once: true }));
        },
        [milliseconds / 1000, width],
      );
      await painted(page, `${width}x${height}`);
      await page.waitForTimeout(300);
      const enlarged = width > 320 ? "%5E" : "";
      const answer = await fetch(
        `${stage.server.url}film/full/${enlarged}${width},${height}/frame-${milliseconds}.png`,
      );
      assert.equal(answer.status, 200);
      const expected = await sharp(Buffer.from(await answer.arrayBuffer()))
        .ensureAlpha()
        .raw()
        .toBuffer();
      const actual = await pixels(page);
      const most = actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0);
      assert.equal(actual.length, expected.length);
      assert.ok(most <= 2, `at ${milliseconds} ms a pixel is ${most} off`);
    }
  });

  test("resizing, looping and seeking back cost no request", async (t) => {
    const { page, requests } = await open(t, "width: 240px", "loop");
    await page.evaluate(() => window.player.play());
    await reach(page, 0.4);
    // All of the film comes within its first second.
    await page.waitForFunction(() => window.player.buffered.end(0) > 7.9);
    const before = requests.filter((path) => path.endsWith("/asset")).length;
    assert.ok(before <= 9, `${before} requests for eight groups`);
    await page.evaluate(() => {
      window.player.style.width = "480px";
    });
    await painted(page, "480x270");
    await page.evaluate(() => {
      window.player.currentTime = 7.6;
    });
    await page.waitForFunction(() => window.player.currentTime > 0.2 && window.player.currentTime < 3);
    await page.evaluate(() => {
      window.player.currentTime = 4;
    });
    await reach(page, 4.3);
    const now = await seen(page);
    assert.equal(now.paused, false);
    assert.equal(now.canvas, "480x270");
    assert.equal(requests.filter((path) => path.endsWith("/asset")).length, before);
  });
});
