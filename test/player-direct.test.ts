import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { type PageOptions, reach, Stage } from "./player-stage.js";

/** The picture on screen: its size, its pixels, and what is counted. */
const seen = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const canvas = player.shadowRoot!.querySelector("canvas.decoded") as HTMLCanvasElement | null;
    const { totalVideoFrames: total, droppedVideoFrames: dropped } = player.getVideoPlaybackQuality();
    return {
      size: `${player.videoWidth}x${player.videoHeight}`,
      canvas: canvas === null || canvas.style.display === "none" ? null : `${canvas.width}x${canvas.height}`,
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

const pixels = async (page: Page) =>
  Buffer.from(
    await page.evaluate(async () => {
      const canvas = window.player.shadowRoot!.querySelector("canvas.decoded") as HTMLCanvasElement;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      const reader = new FileReader();
      reader.readAsDataURL(new Blob([data]));
      await new Promise((resolve) => reader.addEventListener("load", resolve));
      return String(reader.result).split(",")[1]!;
    }),
    "base64",
  );

const painted = (page: Page, size: string) =>
  page.waitForFunction((wanted) => {
    const canvas = window.player.shadowRoot?.querySelector<HTMLCanvasElement>("canvas.decoded");
    return canvas && canvas.style.display !== "none" && `${canvas.width}x${canvas.height}` === wanted;
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
      let most = 0;
      for (const [i, value] of actual.entries()) most = Math.max(most, Math.abs(value - expected[i]!));
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

  test("a region is decoded at once, at full density, and costs no request", async (t) => {
    const { page, requests } = await open(t, "width: 404px");
    await painted(page, "404x228");
    await page.waitForFunction(
      () => window.player.buffered.length === 1 && window.player.buffered.end(0) > 7.9,
    );
    const before = requests.filter((path) => path.endsWith("/asset")).length;
    await page.evaluate(() => window.player.setAttribute("region", "80,44,160,90"));
    await page.waitForFunction(() => window.player.requestedSize?.height === 228);
    const expected = await fetch(`${stage.server.url}film/80,44,160,90/%5E404,228/frame-0.png`).then(
      (answer) => answer.arrayBuffer(),
    );
    const wanted = await sharp(Buffer.from(expected)).ensureAlpha().raw().toBuffer();
    let worst = 255;
    for (let attempt = 0; attempt < 20 && worst > 2; attempt++) {
      const actual = await pixels(page);
      worst = 0;
      for (const [i, value] of actual.entries()) worst = Math.max(worst, Math.abs(value - wanted[i]!));
    }
    assert.ok(worst <= 2, `a pixel is ${worst} off`);
    assert.equal(requests.filter((path) => path.endsWith("/asset")).length, before);
  });

  test("removed it leaves no worker, request or timer, and added again it goes on where it was", async (t) => {
    const { page, requests, faults } = await open(t, "width: 240px");
    await page.evaluate(() => window.player.play());
    await reach(page, 1.2);
    assert.ok(page.workers().length >= 1);
    const at = await page.evaluate(() => {
      window.player.remove();
      return window.player.currentTime;
    });
    await page.waitForTimeout(300);
    const before = requests.length;
    assert.equal(page.workers().length, 0);
    assert.equal(await page.evaluate(() => window.pending.size), 0);
    assert.equal(
      await page.evaluate(() => window.player.shadowRoot!.querySelectorAll("canvas.decoded").length),
      0,
    );
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1000)));
    assert.equal(requests.length, before);

    await page.evaluate(() => {
      document.body.append(window.player);
      return window.player.play();
    });
    await reach(page, at + 0.3);
    assert.ok((await seen(page)).time < at + 3);
    await page.evaluate(() => window.player.remove());
    await page.waitForTimeout(300);
    assert.equal(page.workers().length, 0);
    assert.equal(await page.evaluate(() => window.pending.size), 0);
    assert.deepEqual(faults, []);
  });

  test("plays at another rate, pauses and ends as a video does", async (t) => {
    const { page } = await open(t, "width: 160px");
    await page.evaluate(() => {
      window.player.currentTime = 6;
      window.player.playbackRate = 2;
      return window.player.play();
    });
    await reach(page, 6.6);
    await page.evaluate(() => window.player.pause());
    const { time, paused } = await seen(page);
    await page.waitForTimeout(200);
    assert.equal(paused, true);
    assert.equal((await seen(page)).time, time);
    await page.evaluate(() => window.player.play());
    await page.waitForFunction(() => window.player.ended, undefined, { timeout: 8000 });
    const told = await page.evaluate(() => window.told.map(({ type }) => type));
    for (const type of ["play", "pause", "ended", "seeked", "resize"])
      assert.ok(told.includes(type), `${type} was not told`);
    assert.equal((await seen(page)).time, 8);
  });

  test("a film replaced while it plays goes on with the new one at the same place", async (t) => {
    await stage.writeFilm("changing", 3);
    const { page } = await stage.page(
      t,
      `<siedd-player src="changing" mode="direct" style="width: 160px"></siedd-player>`,
      {
        // Eight groups come at once, so that something is left to ask for after the change.
        prepare: (opened) =>
          opened.route("**/changing/asset", async (route) => {
            const [, first] = /bytes=(\d+)/.exec(route.request().headers().range ?? "")!;
            if (Number(first) > 100_000) await new Promise((resolve) => setTimeout(resolve, 2500));
            await route.continue();
          }),
      },
    );
    await page.evaluate(() => window.player.play());
    await reach(page, 1);
    await stage.writeFilm("changing", 4);
    await reach(page, 5.5);
    const now = await seen(page);
    assert.equal(now.error, null);
    assert.equal(now.paused, false);
    assert.equal(now.transport, "direct");
  });

  describe("auto", () => {
    const auto = (t: { after(end: () => unknown): void }, options: PageOptions = {}) =>
      stage.page(t, `<siedd-player src="film" mode="auto" style="width: 240px"></siedd-player>`, options);

    test("decodes here where that is affordable", async (t) => {
      const { page, requests, faults } = await auto(t);
      await page.evaluate(() => window.player.play());
      await reach(page, 0.8);
      assert.equal((await seen(page)).transport, "direct");
      assert.equal(requests.filter((path) => path.endsWith(".m4s")).length, 0);
      assert.deepEqual(faults, []);
    });

    test("plays from the server for viewers who save data, and in browsers without workers", async (t) => {
      const savesData = () =>
        Object.defineProperty(navigator, "connection", { value: { saveData: true }, configurable: true });
      const hasNoWorkers = () => Reflect.deleteProperty(globalThis, "Worker");
      for (const before of [savesData, hasNoWorkers]) {
        const { page } = await auto(t, { before });
        await page.evaluate(() => window.player.play());
        await reach(page, 0.3);
        assert.equal((await seen(page)).transport, "elastic");
        assert.equal(page.workers().length, 0);
      }
    });

    test("goes on from the server, at the same place and rate, when the asset cannot be had any more", async (t) => {
      const { page } = await auto(t, {
        prepare: (opened) =>
          opened.route("**/film/asset", (route) => {
            const [, first] = /bytes=(\d+)/.exec(route.request().headers().range ?? "")!;
            return Number(first) > 80_000 ? route.fulfill({ status: 403 }) : route.continue();
          }),
      });
      await page.evaluate(async () => {
        await window.player.play();
        window.player.playbackRate = 1.5;
      });
      await page.waitForFunction(() => window.player.transport === "elastic", undefined, { timeout: 8000 });
      const at = (await seen(page)).time;
      await reach(page, at + 0.5);
      const now = await seen(page);
      assert.ok(now.time < at + 3);
      assert.equal(now.error, null);
      assert.equal(now.paused, false);
      assert.equal(now.size, "240x136");
      assert.equal(now.canvas, null);
      assert.equal(await page.evaluate(() => window.player.playbackRate), 1.5);
      assert.equal(page.workers().length, 0);
    });

    test("goes on from the server when too many frames cannot be shown", async (t) => {
      const { page } = await auto(t);
      await page.evaluate(async () => {
        await window.player.play();
        const busy = setInterval(() => {
          const end = performance.now() + 350;
          while (performance.now() < end);
          if (window.player.transport !== "direct") clearInterval(busy);
        }, 380);
      });
      await page.waitForFunction(() => window.player.transport === "elastic", undefined, { timeout: 8000 });
      const { time, paused, error } = await seen(page);
      assert.ok(time > 3 && time < 8, `moved at ${time} s`);
      assert.equal(paused, false);
      assert.equal(error, null);
    });

    test("removed while it measures it leaves no worker", async (t) => {
      const { page, requests } = await auto(t);
      await page.evaluate(async () => {
        const again = window.player.cloneNode() as typeof window.player;
        window.player.replaceWith(again);
        window.player = again;
        while (again.requestedSize === null) await new Promise(requestAnimationFrame);
        again.remove();
      });
      await page.waitForTimeout(800);
      assert.equal(page.workers().length, 0);
      const before = requests.length;
      await page.waitForTimeout(500);
      assert.equal(requests.length, before);
      assert.equal(await page.evaluate(() => window.pending.size), 0);
    });
  });
});
