import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { look, type PageOptions, reach, Stage } from "./player-stage.js";

describe("the player's exact pixels", { concurrency: false, timeout: 120_000 }, () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  before(async () => {
    stage = await Stage.open({ after: (end) => void ends.unshift(end as () => unknown) }, 20);
  });
  after(async () => {
    for (const end of ends) await end();
  });
  const film = (style: string) => `<siedd-player src="film" style="${style}"></siedd-player>`;

  test("moved to a denser screen while it plays, it goes on at that screen's pixels", async (t) => {
    const { page, faults } = await stage.page(t, film("width: 160px"));
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
    await page.waitForFunction(() => window.player.videoWidth === 320, undefined, { timeout: 10_000 });
    const seen = await look(page);
    assert.deepEqual([seen.ranges, seen.paused, seen.error], [1, false, null]);
    assert.deepEqual(
      await page.evaluate(() => window.told.filter(({ type }) => ["error", "emptied"].includes(type))),
      [],
    );
    assert.deepEqual(faults, []);
  });

  test("follows object-fit: the pixels that are drawn are those that are asked for", async (t) => {
    const { page } = await stage.page(t, film("width: 200px; height: 200px"));
    const asked = (width: number, height: number) =>
      page.waitForFunction(
        ([w, h]) => window.player.requestedSize?.width === w && window.player.requestedSize.height === h,
        [width, height],
        { timeout: 5000 },
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
    levels: {
      before: () => {
        const supported = MediaSource.isTypeSupported.bind(MediaSource);
        MediaSource.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
      },
    },
  };
  for (const [transport, options] of Object.entries(paths)) {
    test(`twenty seeks and resizes leave one buffered range, and the last size (${transport})`, async (t) => {
      const { page, faults } = await stage.page(t, film("width: 160px"), options);
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
      await page.waitForFunction(() => window.player.currentTime > 5.2, undefined, { timeout: 15_000 });
      await page.waitForFunction(() => window.player.buffered.length === 1, undefined, { timeout: 5000 });
      const enough = transport === "elastic" ? 200 : 190;
      await page.waitForFunction((width) => window.player.videoWidth >= width, enough, { timeout: 10_000 });
      const seen = await look(page);
      assert.deepEqual([seen.transport, seen.ranges, seen.error, seen.paused], [transport, 1, null, false]);
      assert.deepEqual(faults, []);
    });
  }
});
