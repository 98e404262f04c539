import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { look, reach, Stage } from "./player-stage.js";

describe("the player in Chromium", { concurrency: false, timeout: 120_000 }, () => {
  let stage: Stage;
  const ends: (() => unknown)[] = [];
  before(async () => {
    stage = await Stage.open({ after: (end) => void ends.unshift(end as () => unknown) });
  });
  after(async () => {
    for (const end of ends) await end();
  });
  const film = (style: string, rest = "") =>
    `<siedd-player src="film" style="${style}" ${rest}></siedd-player>`;

  test("plays with sound at exactly the pixels that the element takes up", async (t) => {
    const { page, faults } = await stage.page(t, film("width: 404px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 0.6);
    const seen = await look(page);
    assert.deepEqual(seen.requested, { width: 404, height: 228 });
    assert.equal(seen.size, "404x228");
    assert.equal(seen.transport, "elastic");
    assert.equal(seen.muted, false);
    assert.ok(seen.soundBytes > 0, "no sound was decoded");
    assert.equal(seen.ranges, 1);
    assert.deepEqual(faults, []);
  });

  test("after it is made larger the new size is on screen within two segments, without a stall", async (t) => {
    const { page, requests } = await stage.page(t, film("width: 320px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 1.2);
    const seen = await page.evaluate(async () => {
      const { player } = window;
      window.told.length = 0;
      const times: number[] = [];
      const ranges = new Set<number>();
      const from = player.currentTime;
      player.style.width = "480px";
      while (player.videoWidth !== 480 && player.currentTime < from + 5) {
        times.push(player.currentTime);
        ranges.add(player.buffered.length);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      const at = player.currentTime;
      await new Promise((resolve) => setTimeout(resolve, 700));
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
      `resized at ${seen.from} s, seen at ${seen.at} s`,
    );
    assert.deepEqual(seen.ranges, [1]);
    assert.ok(
      seen.times.every((time, i) => i === 0 || time >= seen.times[i - 1]!),
      "the film jumped back",
    );
    assert.deepEqual(
      seen.told.filter(({ type }) => ["waiting", "pause", "error", "emptied"].includes(type)),
      [],
    );
    assert.ok(
      requests.some((path) => /\/full\/(\^|%5E)480,270\/elastic-\d+\.m4s$/.test(path)),
      requests.join("\n"),
    );
  });

  test("a still picture is computed again too", async (t) => {
    const { page } = await stage.page(t, film("width: 200px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 1.3);
    const at = await page.evaluate(() => {
      window.player.pause();
      window.player.style.width = "480px";
      return window.player.currentTime;
    });
    await page.waitForFunction(() => window.player.videoWidth === 480, undefined, { timeout: 8000 });
    const seen = await look(page);
    assert.equal(seen.paused, true);
    assert.equal(seen.time, at);
    assert.equal(seen.ranges, 1);
  });

  test("a dense screen gets all its pixels, up to max-width and max-height", async (t) => {
    const { page } = await stage.page(t, film("width: 240px"), { context: { deviceScaleFactor: 2 } });
    await page.waitForFunction(() => window.player.requestedSize?.width === 480);
    await page.evaluate(() => window.player.setAttribute("max-height", "180"));
    await page.waitForFunction(() => window.player.requestedSize?.width === 320);
    const picture = () => window.player.shadowRoot?.querySelector("video")?.videoWidth === 320;
    await page.waitForFunction(picture, undefined, { timeout: 8000 });
    assert.equal((await look(page)).size, "320x180");
  });

  test("waits until it has a size", async (t) => {
    const { page, requests } = await stage.page(t, `<div hidden>${film("width: 240px")}</div>`);
    await page.waitForTimeout(600);
    assert.equal(requests.filter((path) => path.endsWith(".m3u8") || path.endsWith(".m4s")).length, 0);
    await page.evaluate(() => {
      window.player.parentElement!.hidden = false;
    });
    await page.waitForFunction(() => window.player.videoWidth === 240, undefined, { timeout: 8000 });
  });

  test("moved in the document it plays on or rests where it was, and nothing is loaded again", async (t) => {
    const { page, requests } = await stage.page(t, `${film("width: 240px")}<main></main>`);
    await page.evaluate(() => window.player.play());
    await reach(page, 0.5);
    await page.evaluate(() => document.querySelector("main")!.append(window.player));
    await page.waitForTimeout(300);
    assert.ok((await look(page)).time >= 0.5);
    assert.equal(requests.filter((path) => path.endsWith("info.json")).length, 1);
  });

  test("removed it leaves no request and no timer, and added again it goes on where it was", async (t) => {
    const { page, requests, faults } = await stage.page(t, film("width: 240px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 2.1);
    const at = await page.evaluate(() => {
      window.player.remove();
      return window.player.currentTime;
    });
    await page.waitForTimeout(300);
    const before = requests.length;
    assert.equal(await page.evaluate(() => window.pending.size), 0);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1500)));
    assert.equal(requests.length, before);
    assert.equal(await page.evaluate(() => window.player.hls), null);

    await page.evaluate(() => {
      document.body.append(window.player);
      return window.player.play();
    });
    await reach(page, at + 0.4);
    assert.ok((await look(page)).time < at + 3);
    await page.evaluate(() => window.player.remove());
    await page.waitForTimeout(300);
    assert.equal(await page.evaluate(() => window.pending.size), 0);
    assert.deepEqual(faults, []);
  });

  test("keys play, seek, mute and change the volume; other keys are the page's", async (t) => {
    const { page } = await stage.page(t, film("width: 320px"));
    await page.waitForFunction(() => window.player.readyState === 4, undefined, { timeout: 8000 });
    await page.keyboard.press("Tab");
    await page.keyboard.press("k");
    await page.waitForFunction(() => !window.player.paused);
    for (const key of [" ", "5", "ArrowRight", "m", "ArrowDown", "x"]) await page.keyboard.press(key);
    const after = await page.evaluate(() => {
      const { paused, muted, volume, currentTime } = window.player;
      return { paused, muted, volume, currentTime };
    });
    assert.deepEqual(after, { paused: true, muted: true, volume: 0, currentTime: 8 });
  });

  test("a looping film begins again by itself", async (t) => {
    const { page } = await stage.page(t, film("width: 160px", "loop"));
    await page.evaluate(() => {
      window.player.currentTime = 7;
      return window.player.play();
    });
    await page.waitForFunction(
      () => window.player.currentTime > 0.3 && window.player.currentTime < 3,
      undefined,
      {
        timeout: 12_000,
      },
    );
    assert.equal((await look(page)).paused, false);
  });

  test("twenty seeks leave one buffered range", async (t) => {
    const { page } = await stage.page(t, film("width: 160px"));
    await page.evaluate(() => window.player.play());
    await reach(page, 0.2);
    const ranges = await page.evaluate(async () => {
      for (let i = 0; i < 20; i++) {
        window.player.currentTime = (i * 3.7) % 7.5;
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      window.player.currentTime = 3;
      await new Promise((resolve) => window.player.addEventListener("seeked", resolve, { once: true }));
      await new Promise((resolve) => setTimeout(resolve, 800));
      return window.player.buffered.length;
    });
    assert.equal(ranges, 1);
  });
});
