import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertDisposed,
  type PageOptions,
  playerMarkup,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

describe("auto mode in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage();
  const auto = (t: { after(end: () => unknown): void }, options: PageOptions = {}) =>
    // Few pixels, so that a slow machine is fast enough.
    stage.page(t, playerMarkup("width: 64px", 'mode="auto" loop'), options);

  test("decodes in the browser if it is fast enough", async (t) => {
    const { page, requests, faults } = await auto(t);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.8);
    assert.equal((await playerState(page)).transport, "direct");
    assert.equal(requests.filter((path) => path.endsWith(".m4s")).length, 0);
    assert.deepEqual(faults, []);
  });

  test("plays from the server with Save-Data, and in browsers without workers", async (t) => {
    const savesData = () =>
      Object.defineProperty(navigator, "connection", { value: { saveData: true }, configurable: true });
    const hasNoWorkers = () => Reflect.deleteProperty(globalThis, "Worker");
    for (const before of [savesData, hasNoWorkers]) {
      const { page } = await auto(t, { before });
      await page.evaluate(() => window.player.play());
      await waitForTime(page, 0.3);
      assert.equal((await playerState(page)).transport, "elastic");
      assert.equal(page.workers().length, 0);
    }
  });

  test("switches to the server at the same position and rate if fetching fails", async (t) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { page } = await auto(t, {
      prepare: async (opened) => {
        await opened.route("**/video/asset", (route) => {
          const [, first] = /bytes=(\d+)/.exec(route.request().headers().range ?? "")!;
          return Number(first) > 80_000 ? route.fulfill({ status: 403 }) : route.continue();
        });
        await opened.route("**/elastic.m3u8", (route) => released.then(() => route.continue()));
      },
    });
    await page.evaluate(() => {
      // Resolves with whichever of the two plays in the end.
      Object.assign(window, { plays: window.player.play() });
      window.player.playbackRate = 0.75;
    });
    await waitFor(page, () => window.player.transport === "elastic");
    assert.equal((await playerState(page)).rate, 0.75);
    // A rate set before the server's stream is ready is kept, too.
    const at = await page.evaluate(() => {
      const { player } = window;
      player.playbackRate = 1.5;
      const resumedAt = new Promise<number>((resolve) => {
        player.addEventListener("playing", () => resolve(player.currentTime), { once: true });
      });
      Object.assign(window, { resumedAt });
      return player.currentTime;
    });
    release();
    const resumedAt = await page.evaluate(
      () => (window as unknown as { resumedAt: Promise<number> }).resumedAt,
    );
    assert.ok(Math.abs(resumedAt - at) < 1, `switched at ${at} s, resumed at ${resumedAt} s`);
    await page.evaluate(() => (window as unknown as { plays: Promise<void> }).plays);
    await waitFor(page, () => window.player.shadowRoot!.querySelector("canvas.decoded") === null);
    await waitFor(page, (previous) => window.player.currentTime !== previous, resumedAt);
    const { error, paused, rate } = await playerState(page);
    assert.deepEqual({ error, paused, rate }, { error: null, paused: false, rate: 1.5 });
    assert.equal(page.workers().length, 0);
  });

  test("switches to the server when too many frames are dropped", async (t) => {
    const { page } = await auto(t);
    const before = await page.evaluate(async () => {
      await window.player.play();
      const { transport } = window.player;
      const busy = setInterval(() => {
        const end = performance.now() + 350;
        while (performance.now() < end);
        if (window.player.transport !== "direct") clearInterval(busy);
      }, 380);
      return transport;
    });
    assert.equal(before, "direct");
    await waitFor(page, () => window.player.transport === "elastic" && window.player.readyState >= 3);
    const { paused, error } = await playerState(page);
    assert.deepEqual({ paused, error }, { paused: false, error: null });
  });

  test("leaves no worker when removed during the benchmark", async (t) => {
    const playerPage = await auto(t);
    await playerPage.page.evaluate(async () => {
      const clone = window.player.cloneNode() as typeof window.player;
      window.player.replaceWith(clone);
      window.player = clone;
      while (clone.requestedSize === null) await new Promise(requestAnimationFrame);
      clone.remove();
    });
    await assertDisposed(playerPage);
  });
});
