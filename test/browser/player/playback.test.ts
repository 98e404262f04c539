import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  assertGone,
  EXACT_SECONDS,
  look,
  PATIENCE,
  putBack,
  reach,
  shows,
  until,
  useStage,
  video,
} from "../../support/player-stage.js";

describe("the player in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(EXACT_SECONDS);

  test("plays with sound at exactly the pixels that the element takes up", async (t) => {
    const { page, faults } = await stage.page(t, video("width: 404px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 0.6);
    const seen = await look(page);
    assert.deepEqual(seen.requested, { width: 404, height: 228 });
    assert.equal(seen.size, "404x228");
    assert.equal(seen.transport, "elastic");
    assert.equal(seen.muted, false);
    assert.ok(seen.audioBytes > 0, "no sound was decoded");
    assert.equal(seen.ranges, 1);
    assert.deepEqual(faults, []);
  });

  test("after it is made larger the new size is on screen within two segments, without a stall", async (t) => {
    // What is held to is the player: how long computing takes is the machine's.
    await stage.warm("320,180", 0, 5);
    await stage.warm("%5E480,270", 3, 4);
    const { page, requests } = await stage.page(t, video("width: 320px"));
    await until(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) >= 4);
    await page.evaluate(() => {
      // Time for what a machine does that has other work.
      window.player.playbackRate = 0.5;
      return window.player.play();
    });
    await reach(page, 1.05);
    const seen = await page.evaluate(async () => {
      const { player } = window;
      const isAppending = () => window.sourceBuffers.some(({ updating }) => updating);
      // Where the next frames are there it is the machine that cannot follow.
      player.addEventListener("waiting", () => {
        const { buffered, currentTime } = player;
        const lacks = buffered.length === 0 || buffered.end(buffered.length - 1) < currentTime + 0.1;
        if (lacks && !isAppending()) window.told.push({ type: "stall", at: currentTime });
      });
      window.told.length = 0;
      const times: number[] = [];
      const ranges = new Set<number>();
      const asked = new Promise<number>((resolve) => {
        player.addEventListener("sizechange", () => resolve(player.currentTime), { once: true });
      });
      player.style.width = "480px";
      const from = await asked;
      while (player.videoWidth !== 480 && !player.ended) {
        times.push(player.currentTime);
        // Within an append Chromium shows the buffer half put over.
        if (!isAppending()) ranges.add(player.buffered.length);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      const at = player.currentTime;
      while (player.currentTime < at + 0.7 && !player.ended)
        await new Promise((resolve) => setTimeout(resolve, 25));
      return {
        from,
        at,
        times,
        ranges: [...ranges],
        width: player.videoWidth,
        height: player.videoHeight,
        told: window.told,
      };
    });
    assert.deepEqual([seen.width, seen.height], [480, 270]);
    // Segments last a second.
    assert.ok(
      Math.floor(seen.at) - Math.floor(seen.from) <= 2,
      `asked for at ${seen.from} s, seen at ${seen.at} s`,
    );
    assert.deepEqual(seen.ranges, [1]);
    assert.ok(
      seen.times.every((time, i) => i === 0 || time >= seen.times[i - 1]!),
      "the video jumped back",
    );
    assert.deepEqual(
      seen.told.filter(({ type }) => ["stall", "pause", "error", "emptied"].includes(type)),
      [],
    );
    assert.ok(
      requests.some((path) => /\/full\/(\^|%5E)480,270\/elastic-\d+\.m4s$/.test(path)),
      requests.join("\n"),
    );
  });

  test("a still picture is computed again too", async (t) => {
    const { page } = await stage.page(t, video("width: 200px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 1.3);
    const at = await page.evaluate(() => {
      window.player.pause();
      window.player.style.width = "480px";
      return window.player.currentTime;
    });
    await shows(page, "480x270");
    const seen = await look(page);
    assert.equal(seen.paused, true);
    assert.equal(seen.time, at);
    assert.equal(seen.ranges, 1);
  });

  test("a dense screen gets all its pixels, up to max-width and max-height", async (t) => {
    const { page } = await stage.page(t, video("width: 240px"), { context: { deviceScaleFactor: 2 } });
    await until(page, () => window.player.requestedSize?.width === 480);
    await page.evaluate(() => window.player.setAttribute("max-height", "180"));
    await until(page, () => window.player.requestedSize?.width === 320);
    await shows(page, "320x180");
  });

  test("waits until it has a size", async (t) => {
    const { page, requests } = await stage.page(t, `<div hidden>${video("width: 240px")}</div>`);
    await until(page, () => window.player.info !== null);
    // Laid out and drawn twice since.
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    assert.equal(requests.filter((path) => path.endsWith(".m3u8") || path.endsWith(".m4s")).length, 0);
    await page.evaluate(() => {
      window.player.parentElement!.hidden = false;
    });
    await shows(page, "240x136");
  });

  test("moved in the document it plays on where it was, and nothing is loaded again", async (t) => {
    const { page, requests } = await stage.page(t, `${video("width: 240px")}<main></main>`);
    await page.evaluate(() => window.player.play());
    await reach(page, 0.5);
    const at = await page.evaluate(() => {
      document.querySelector("main")!.append(window.player);
      return window.player.currentTime;
    });
    assert.ok(at >= 0.5, `at ${at} s`);
    await reach(page, at + 0.2);
    assert.equal(requests.filter((path) => path.endsWith("info.json")).length, 1);
  });

  test("removed it leaves no request and no timer, and added again it goes on where it was", async (t) => {
    const opened = await stage.page(t, video("width: 240px"));
    const { page, faults } = opened;
    await page.evaluate(() => window.player.play());
    await reach(page, 2.1);
    const at = await page.evaluate(() => {
      window.player.remove();
      return window.player.currentTime;
    });
    await assertGone(opened);
    assert.equal(await page.evaluate(() => window.player.hls), null);

    const from = await putBack(page);
    assert.ok(Math.abs(from - at) < 1, `removed at ${at} s, went on at ${from} s`);
    await reach(page, at + 0.4);
    await page.evaluate(() => window.player.remove());
    await assertGone(opened);
    assert.deepEqual(faults, []);
  });

  test("keys play, seek, mute and change the volume; other keys are the page's", async (t) => {
    const { page } = await stage.page(t, video("width: 320px"));
    await until(page, () => window.player.readyState >= 2);
    await page.keyboard.press("Tab");
    await page.keyboard.press("k");
    await until(page, () => !window.player.paused);
    for (const key of [" ", "5", "ArrowRight", "m", "ArrowDown", "x"]) await page.keyboard.press(key);
    const after = await page.evaluate(() => {
      const { paused, muted, volume, currentTime } = window.player;
      return { paused, muted, volume, currentTime };
    });
    // The video is as long as its pictures, and once its end is loaded as the last packet of its sound.
    const { currentTime, ...rest } = after;
    assert.deepEqual(rest, { paused: true, muted: true, volume: 0 });
    assert.ok(currentTime >= EXACT_SECONDS && currentTime < EXACT_SECONDS + 0.03, `at ${currentTime} s`);
  });

  test("a looping video begins again by itself", async (t) => {
    const { page } = await stage.page(t, video("width: 160px", "loop"));
    await page.evaluate(() => {
      window.player.currentTime = 5;
      return window.player.play();
    });
    await until(page, () => window.player.currentTime > 0.3 && window.player.currentTime < 3);
    assert.equal((await look(page)).paused, false);
  });
});
