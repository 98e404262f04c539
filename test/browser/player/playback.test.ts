import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertDisposed,
  EXACT_SIZE_SECONDS,
  playerMarkup,
  playerState,
  reattach,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForSize,
  waitForTime,
} from "../../support/player-stage.js";

describe("the player in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(EXACT_SIZE_SECONDS);

  test("plays with audio at exactly the size of the element", async (t) => {
    const { page, faults } = await stage.page(t, playerMarkup("width: 404px"));
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.6);
    const state = await playerState(page);
    assert.deepEqual(state.requested, { width: 404, height: 228 });
    assert.equal(state.size, "404x228");
    assert.equal(state.transport, "elastic");
    assert.equal(state.muted, false);
    assert.ok(state.audioBytes > 0, "no audio was decoded");
    assert.equal(state.ranges, 1);
    assert.deepEqual(faults, []);
  });

  test("shows the new size within two segments after a resize, without a stall", async (t) => {
    // Cached segments: this tests the player, not the speed of the machine.
    await stage.warmCache("320,180", 0, 5);
    await stage.warmCache("%5E480,270", 3, 4);
    const { page, requests } = await stage.page(t, playerMarkup("width: 320px"));
    await waitFor(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) >= 4);
    await page.evaluate(() => {
      // Leaves time on a busy machine.
      window.player.playbackRate = 0.5;
      return window.player.play();
    });
    await waitForTime(page, 1.05);
    const result = await page.evaluate(async () => {
      const { player } = window;
      const isAppending = () => window.sourceBuffers.some(({ updating }) => updating);
      // If the next frames are buffered, the machine is too slow, not the player.
      player.addEventListener("waiting", () => {
        const { buffered, currentTime } = player;
        const isEmpty = buffered.length === 0 || buffered.end(buffered.length - 1) < currentTime + 0.1;
        if (isEmpty && !isAppending()) window.playerEvents.push({ type: "stall", time: currentTime });
      });
      window.playerEvents.length = 0;
      const times: number[] = [];
      const ranges = new Set<number>();
      const sizeChanged = new Promise<number>((resolve) => {
        player.addEventListener("sizechange", () => resolve(player.currentTime), { once: true });
      });
      player.style.width = "480px";
      const resizedAt = await sizeChanged;
      while (player.videoWidth !== 480 && !player.ended) {
        times.push(player.currentTime);
        // During an append Chromium reports a partially replaced buffer.
        if (!isAppending()) ranges.add(player.buffered.length);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      const shownAt = player.currentTime;
      while (player.currentTime < shownAt + 0.7 && !player.ended)
        await new Promise((resolve) => setTimeout(resolve, 25));
      return {
        resizedAt,
        shownAt,
        times,
        ranges: [...ranges],
        width: player.videoWidth,
        height: player.videoHeight,
        events: window.playerEvents,
      };
    });
    assert.deepEqual([result.width, result.height], [480, 270]);
    // Segments last one second.
    assert.ok(
      Math.floor(result.shownAt) - Math.floor(result.resizedAt) <= 2,
      `resized at ${result.resizedAt} s, shown at ${result.shownAt} s`,
    );
    assert.deepEqual(result.ranges, [1]);
    assert.ok(
      result.times.every((time, i) => i === 0 || time >= result.times[i - 1]!),
      "the video jumped back",
    );
    assert.deepEqual(
      result.events.filter(({ type }) => ["stall", "pause", "error", "emptied"].includes(type)),
      [],
    );
    assert.ok(
      requests.some((path) => /\/full\/(\^|%5E)480,270\/elastic-\d+\.m4s$/.test(path)),
      requests.join("\n"),
    );
  });

  test("redraws a paused frame after a resize", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 200px"));
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 1.3);
    const at = await page.evaluate(() => {
      window.player.pause();
      window.player.style.width = "480px";
      return window.player.currentTime;
    });
    await waitForSize(page, "480x270");
    const state = await playerState(page);
    assert.equal(state.paused, true);
    assert.equal(state.time, at);
    assert.equal(state.ranges, 1);
  });

  test("requests the device pixels of a dense screen, up to max-width and max-height", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 240px"), { context: { deviceScaleFactor: 2 } });
    await waitFor(page, () => window.player.requestedSize?.width === 480);
    await page.evaluate(() => window.player.setAttribute("max-height", "180"));
    await waitFor(page, () => window.player.requestedSize?.width === 320);
    await waitForSize(page, "320x180");
  });

  test("loads no segment until the element is laid out", async (t) => {
    const { page, requests } = await stage.page(t, `<div hidden>${playerMarkup("width: 240px")}</div>`);
    await waitFor(page, () => window.player.info !== null);
    // Waits for two more layouts.
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    assert.equal(requests.filter((path) => path.endsWith(".m3u8") || path.endsWith(".m4s")).length, 0);
    await page.evaluate(() => {
      window.player.parentElement!.hidden = false;
    });
    await waitForSize(page, "240x136");
  });

  test("keeps playing without reloading when moved in the document", async (t) => {
    const { page, requests } = await stage.page(t, `${playerMarkup("width: 240px")}<main></main>`);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.5);
    const at = await page.evaluate(() => {
      document.querySelector("main")!.append(window.player);
      return window.player.currentTime;
    });
    assert.ok(at >= 0.5, `at ${at} s`);
    await waitForTime(page, at + 0.2);
    assert.equal(requests.filter((path) => path.endsWith("info.json")).length, 1);
  });

  test("leaves no request and no timer when removed, and resumes at the same position when added again", async (t) => {
    const playerPage = await stage.page(t, playerMarkup("width: 240px"));
    const { page, faults } = playerPage;
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 2.1);
    const at = await page.evaluate(() => {
      window.player.remove();
      return window.player.currentTime;
    });
    await assertDisposed(playerPage);
    assert.equal(await page.evaluate(() => window.player.hls), null);

    const resumedAt = await reattach(page);
    assert.ok(Math.abs(resumedAt - at) < 1, `removed at ${at} s, resumed at ${resumedAt} s`);
    await waitForTime(page, at + 0.4);
    await page.evaluate(() => window.player.remove());
    await assertDisposed(playerPage);
    assert.deepEqual(faults, []);
  });

  test("keys play, seek, mute and change the volume; other keys are left to the page", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 320px"));
    await waitFor(page, () => window.player.readyState >= 2);
    await page.keyboard.press("Tab");
    await page.keyboard.press("k");
    await waitFor(page, () => !window.player.paused);
    for (const key of [" ", "5", "ArrowRight", "m", "ArrowDown", "x"]) await page.keyboard.press(key);
    const state = await page.evaluate(() => {
      const { paused, muted, volume, currentTime } = window.player;
      return { paused, muted, volume, currentTime };
    });
    // The duration is that of the frames, or, once the end is loaded, of the last audio packet.
    const { currentTime, ...rest } = state;
    assert.deepEqual(rest, { paused: true, muted: true, volume: 0 });
    assert.ok(
      currentTime >= EXACT_SIZE_SECONDS && currentTime < EXACT_SIZE_SECONDS + 0.03,
      `at ${currentTime} s`,
    );
  });

  test("a looping video restarts by itself", async (t) => {
    const { page } = await stage.page(t, playerMarkup("width: 160px", "loop"));
    await page.evaluate(() => {
      window.player.currentTime = 5;
      return window.player.play();
    });
    await waitFor(page, () => window.player.currentTime > 0.3 && window.player.currentTime < 3);
    assert.equal((await playerState(page)).paused, false);
  });
});
