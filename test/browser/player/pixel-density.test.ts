import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  disableAvc3,
  EXACT_SIZE_SECONDS,
  type PageOptions,
  playerMarkup,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForSize,
  waitForTime,
} from "../../support/player-stage.js";

describe("pixel density and object-fit", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(20, (opened) => opened.writeVideo("short", 7, EXACT_SIZE_SECONDS));

  test("continues at the device pixels of a denser screen after a move to it", async (t) => {
    const { page, faults } = await stage.page(t, playerMarkup("width: 160px", "loop", "short"));
    const session = await page.context().newCDPSession(page);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.6);
    assert.equal((await playerState(page)).size, "160x90");
    await session.send("Emulation.setDeviceMetricsOverride", {
      // Headless Chromium reports a new density only together with a resize.
      width: 990,
      height: 700,
      deviceScaleFactor: 2,
      mobile: false,
    });
    await waitForSize(page, "320x180");
    await waitFor(page, () => window.player.buffered.length === 1);
    const { paused, error } = await playerState(page);
    assert.deepEqual({ paused, error }, { paused: false, error: null });
    assert.deepEqual(
      await page.evaluate(() =>
        window.playerEvents.filter(({ type }) => ["error", "emptied"].includes(type)),
      ),
      [],
    );
    assert.deepEqual(faults, []);
  });

  test("requests the pixels that object-fit draws", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 200px; height: 200px"));
    const waitForRequestedSize = (width: number, height: number) =>
      waitFor(
        page,
        ([w, h]) => window.player.requestedSize?.width === w && window.player.requestedSize?.height === h,
        [width, height] as const,
      );
    await waitForRequestedSize(200, 112);
    for (const [fit, width, height] of [
      ["cover", 356, 200],
      ["fill", 200, 200],
      ["none", 320, 180],
      ["contain", 200, 112],
    ] as const) {
      await page.evaluate((value) => {
        window.player.style.objectFit = value;
      }, fit);
      await waitForRequestedSize(width, height);
      const videoFit = () => getComputedStyle(window.player.shadowRoot!.querySelector("video")!).objectFit;
      assert.equal(await page.evaluate(videoFit), fit);
    }
  });

  const transports: Record<string, PageOptions> = {
    elastic: {},
    levels: { before: disableAvc3 },
  };
  for (const [transport, options] of Object.entries(transports)) {
    test(`twenty seeks and resizes leave one buffered range and the last size (${transport})`, async (t) => {
      const { page, faults } = await stage.page(t, playerMarkup("width: 160px"), options);
      await page.evaluate(() => window.player.play());
      await waitForTime(page, 0.2);
      await page.evaluate(async () => {
        for (let i = 0; i < 20; i++) {
          window.player.currentTime = (i * 7.3) % 17;
          if (i % 3 === 0) window.player.style.width = `${120 + 8 * i}px`;
          await new Promise((resolve) => setTimeout(resolve, 90));
        }
        window.player.style.width = "200px";
        window.player.currentTime = 4.5;
      });
      await waitFor(page, () => window.player.currentTime > 5.2 && window.player.currentTime < 12);
      await waitFor(page, () => window.player.buffered.length === 1);
      const state = await playerState(page);
      assert.deepEqual([state.transport, state.error, state.paused], [transport, null, false]);
      // While paused, even a slow machine loads the exact size.
      for (const at of [16, 11]) {
        await page.evaluate((seconds) => {
          const { player } = window;
          player.pause();
          player.currentTime = seconds;
          return new Promise((resolve) => player.addEventListener("seeked", resolve, { once: true }));
        }, at);
      }
      await waitFor(page, () => window.player.videoWidth === 200);
      await waitFor(page, () => window.player.buffered.length === 1);
      assert.deepEqual(faults, []);
    });
  }
});
