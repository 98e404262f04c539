import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  EXACT_SECONDS,
  look,
  PATIENCE,
  type PageOptions,
  reach,
  shows,
  until,
  useStage,
  video,
  withoutInBandParameters,
} from "../../support/player-stage.js";

describe("the player's exact pixels", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(20, (open) => open.writeVideo("short", 7, EXACT_SECONDS));

  test("moved to a denser screen while it plays, it goes on at that screen's pixels", async (t) => {
    const { page, faults } = await stage.page(t, video("width: 160px", "loop", "short"));
    const session = await page.context().newCDPSession(page);
    await page.evaluate(() => window.player.play());
    await reach(page, 0.6);
    assert.equal((await look(page)).size, "160x90");
    await session.send("Emulation.setDeviceMetricsOverride", {
      // Headless Chromium tells pages of a density only together with a resize.
      width: 990,
      height: 700,
      deviceScaleFactor: 2,
      mobile: false,
    });
    await shows(page, "320x180");
    await until(page, () => window.player.buffered.length === 1);
    const { paused, error } = await look(page);
    assert.deepEqual({ paused, error }, { paused: false, error: null });
    assert.deepEqual(
      await page.evaluate(() => window.told.filter(({ type }) => ["error", "emptied"].includes(type))),
      [],
    );
    assert.deepEqual(faults, []);
  });

  test("follows object-fit: the pixels that are drawn are those that are asked for", async (t) => {
    const { page } = await stage.page(t, video("width: 200px; height: 200px"));
    const asked = (width: number, height: number) =>
      until(
        page,
        ([w, h]) => window.player.requestedSize?.width === w && window.player.requestedSize?.height === h,
        [width, height] as const,
      );
    await asked(200, 112);
    for (const [fit, width, height] of [
      ["cover", 356, 200],
      ["fill", 200, 200],
      ["none", 320, 180],
      ["contain", 200, 112],
    ] as const) {
      await page.evaluate((value) => {
        window.player.style.objectFit = value;
      }, fit);
      await asked(width, height);
      const drawn = () => getComputedStyle(window.player.shadowRoot!.querySelector("video")!).objectFit;
      assert.equal(await page.evaluate(drawn), fit);
    }
  });

  const paths: Record<string, PageOptions> = {
    elastic: {},
    levels: { before: withoutInBandParameters },
  };
  for (const [transport, options] of Object.entries(paths)) {
    test(`twenty seeks and resizes leave one buffered range, and the last size (${transport})`, async (t) => {
      const { page, faults } = await stage.page(t, video("width: 160px"), options);
      await page.evaluate(() => window.player.play());
      await reach(page, 0.2);
      await page.evaluate(async () => {
        for (let i = 0; i < 20; i++) {
          window.player.currentTime = (i * 7.3) % 17;
          if (i % 3 === 0) window.player.style.width = `${120 + 8 * i}px`;
          await new Promise((resolve) => setTimeout(resolve, 90));
        }
        window.player.style.width = "200px";
        window.player.currentTime = 4.5;
      });
      await until(page, () => window.player.currentTime > 5.2 && window.player.currentTime < 12);
      await until(page, () => window.player.buffered.length === 1);
      const seen = await look(page);
      assert.deepEqual([seen.transport, seen.error, seen.paused], [transport, null, false]);
      // At rest no machine is too slow for the exact size.
      for (const at of [16, 11]) {
        await page.evaluate((seconds) => {
          const { player } = window;
          player.pause();
          player.currentTime = seconds;
          return new Promise((resolve) => player.addEventListener("seeked", resolve, { once: true }));
        }, at);
      }
      await until(page, () => window.player.videoWidth === 200);
      await until(page, () => window.player.buffered.length === 1);
      assert.deepEqual(faults, []);
    });
  }
});
