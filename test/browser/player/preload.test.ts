import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {} from "../../../player/define.js";
import { TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";

/** Paths of what the server has to decode. */
const decoded = (requests: readonly string[]) =>
  requests.filter((path) => /elastic-\d+\.m4s$|\.jpg$/.test(path));

describe("what the player loads before playback in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage();

  test("players below the fold load their metadata and no frames, whatever their preload", async (t) => {
    const attributes = ["", 'preload="auto"', "autoplay muted"];
    const players = attributes.map(
      (text, i) => `<siedd-player src="video" ${text} style="width: ${160 + 16 * i}px"></siedd-player>`,
    );
    const { page, requests } = await stage.page(t, `<div style="height: 2000px"></div>${players.join("")}`);
    await waitFor(page, () =>
      [...document.querySelectorAll("siedd-player")].every(({ duration }) => duration === 8),
    );
    await page.waitForTimeout(500);
    assert.deepEqual(decoded(requests), []);
    const states = await page.evaluate(() =>
      [...document.querySelectorAll("siedd-player")].map(({ preload, readyState, seekable }) => [
        preload,
        readyState,
        seekable.end(0),
      ]),
    );
    assert.deepEqual(states, [
      ["metadata", 1, 8],
      ["auto", 1, 8],
      ["metadata", 1, 8],
    ]);
    await page.evaluate(() => window.player.scrollIntoView());
    await waitFor(page, () => window.player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
  });

  test("by default a visible player loads the poster and one segment, and the rest after play()", async (t) => {
    const { page, requests } = await stage.page(
      t,
      '<siedd-player src="video" muted style="width: 160px"></siedd-player>',
    );
    const metadataEvents = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let count = 0;
          window.player.addEventListener("loadedmetadata", () => count++);
          window.player.addEventListener("playing", () => resolve(count));
        }),
    );
    const poster = page.locator("siedd-player img.poster");
    await poster.waitFor();
    await waitFor(page, () => window.player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    await page.waitForTimeout(600);
    const info = (await (await fetch(`${stage.server.url}video/info.json`)).json()) as {
      links: { poster: string };
    };
    const posterPath = `/videos/video/${info.links.poster.split("?")[0]}`;
    assert.deepEqual(
      decoded(requests).sort(),
      ["/videos/video/full/160,90/elastic-0.m4s", posterPath].sort(),
    );
    assert.equal(await poster.evaluate((image: HTMLImageElement) => image.naturalWidth), 320);
    await page.evaluate(() => window.player.play());
    await waitFor(page, () => window.player.buffered.length > 0 && window.player.buffered.end(0) > 3);
    assert.equal(await poster.isVisible(), false);
    assert.ok((await metadataEvents) <= 1);
  });

  test("a seek before play() shows that frame instead of the poster", async (t) => {
    const { page } = await stage.page(t, '<siedd-player src="video" style="width: 160px"></siedd-player>');
    await page.locator("siedd-player img.poster").waitFor();
    await page.evaluate(() => {
      window.player.currentTime = 5;
    });
    await waitFor(page, () => window.player.readyState >= 2 && window.player.currentTime === 5);
    assert.equal(await page.locator("siedd-player img.poster").isVisible(), false);
  });

  test("a paused player off the screen follows a resize only once it is visible again", async (t) => {
    const markup =
      '<siedd-player src="video" style="width: 160px"></siedd-player><div style="height: 3000px"></div>';
    const { page, requests } = await stage.page(t, markup);
    await waitFor(page, () => window.player.readyState >= 2);
    await page.evaluate(async () => {
      scrollTo(0, 2000);
      await new Promise((resolve) => setTimeout(resolve, 200));
      window.player.style.width = "320px";
    });
    await page.waitForTimeout(700);
    assert.deepEqual(
      requests.filter((path) => path.includes("/320,180/elastic")),
      [],
    );
    await page.evaluate(() => scrollTo(0, 0));
    await waitFor(page, () => window.player.videoWidth === 320);
  });
});
