import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import {
  assertGone,
  look,
  PATIENCE,
  type PageOptions,
  putBack,
  reach,
  until,
  useStage,
  VIDEO,
  video,
} from "../../support/player-stage.js";

const LENGTH = VIDEO.groups.length;

/** What a viewer would notice, the canvas over the video, and what is counted. */
const seen = async (page: Page) => ({
  ...(await look(page)),
  ...(await page.evaluate(() => {
    const { player } = window;
    const canvas = player.shadowRoot!.querySelector("canvas.decoded") as HTMLCanvasElement | null;
    const { totalVideoFrames: total, droppedVideoFrames: dropped } = player.getVideoPlaybackQuality();
    return {
      // The video has no picture here.
      size: `${player.videoWidth}x${player.videoHeight}`,
      canvas: canvas === null || canvas.style.display === "none" ? null : `${canvas.width}x${canvas.height}`,
      duration: player.duration,
      total,
      dropped,
    };
  })),
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
  until(
    page,
    (wanted) => {
      const canvas = window.player.shadowRoot?.querySelector<HTMLCanvasElement>("canvas.decoded");
      return canvas && canvas.style.display !== "none" && `${canvas.width}x${canvas.height}` === wanted;
    },
    size,
  );

/** Waits until what is painted is this picture of the server's, within 2 of 255. */
async function showsPicture(page: Page, url: string): Promise<void> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  const png = Buffer.from(await answer.arrayBuffer());
  const expected = await sharp(png).ensureAlpha().raw().toBuffer();
  let max = 255;
  for (const end = performance.now() + 30_000; max > 2 && performance.now() < end; ) {
    const actual = await pixels(page);
    max = 0;
    if (actual.length !== expected.length) max = 255;
    else for (const [i, value] of actual.entries()) max = Math.max(max, Math.abs(value - expected[i]!));
  }
  assert.ok(max <= 2, `a pixel is ${max} off ${url}`);
}

/** All of the video has come. */
const fetched = (page: Page) =>
  until(
    page,
    (end) => {
      const { buffered } = window.player;
      return buffered.length === 1 && buffered.end(0) > end;
    },
    LENGTH - 0.1,
  );
const groupsAsked = (requests: readonly string[]) =>
  requests.filter((path) => path.endsWith("/asset")).length;

describe("direct mode in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage();
  const open = (
    t: { after(end: () => unknown): void },
    style: string,
    rest = "",
    options: PageOptions = {},
  ) => stage.page(t, video(style, `mode="direct" ${rest}`), options);

  test("plays with sound, in step with it, at exactly the pixels that the element takes up", async (t) => {
    const { page, faults } = await open(t, "width: 404px");
    await painted(page, "404x228");
    await page.evaluate(() => {
      // Time for every frame on a machine that has other work.
      window.player.playbackRate = 0.5;
      return window.player.play();
    });
    await reach(page, 1);
    const now = await seen(page);
    assert.equal(now.size, "404x228");
    assert.equal(now.canvas, "404x228");
    assert.equal(now.transport, "direct");
    assert.equal(now.duration, LENGTH);
    assert.equal(now.ranges, 1);
    assert.ok(now.total >= 20, `${now.total} frames came due`);
    assert.ok(now.dropped < now.total / 2, `${now.dropped} of ${now.total} frames were dropped`);
    assert.ok(now.audioBytes > 0, "no sound was decoded");
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
      const enlarged = width > 320 ? "%5E" : "";
      await showsPicture(
        page,
        `${stage.server.url}video/full/${enlarged}${width},${height}/frame-${milliseconds}.png`,
      );
    }
  });

  test("resizing, looping and seeking back cost no request", async (t) => {
    const { page, requests } = await open(t, "width: 240px", "loop");
    await page.evaluate(() => window.player.play());
    await reach(page, 0.4);
    await fetched(page);
    const before = groupsAsked(requests);
    assert.ok(before <= 9, `${before} requests for eight groups`);
    await page.evaluate(() => {
      window.player.style.width = "480px";
    });
    await painted(page, "480x270");
    await page.evaluate(() => {
      window.player.currentTime = 7.6;
    });
    await until(page, () => window.player.currentTime > 0.2 && window.player.currentTime < 3);
    await page.evaluate(() => {
      window.player.currentTime = 4;
    });
    await reach(page, 4.3);
    await painted(page, "480x270");
    assert.equal((await look(page)).paused, false);
    assert.equal(groupsAsked(requests), before);
  });

  test("a region is decoded at once, at full density, and costs no request", async (t) => {
    const { page, requests } = await open(t, "width: 404px");
    await painted(page, "404x228");
    await fetched(page);
    const before = groupsAsked(requests);
    await page.evaluate(() => window.player.setAttribute("region", "80,44,160,90"));
    await showsPicture(page, `${stage.server.url}video/80,44,160,90/%5E404,228/frame-0.png`);
    assert.equal(groupsAsked(requests), before);
  });

  test("removed it leaves no worker, request or timer, and added again it goes on where it was", async (t) => {
    const opened = await open(t, "width: 240px");
    const { page, faults } = opened;
    await page.evaluate(() => window.player.play());
    await painted(page, "240x136");
    await reach(page, 1.2);
    assert.ok(page.workers().length >= 1);
    const at = await page.evaluate(() => {
      window.player.remove();
      return window.player.currentTime;
    });
    await assertGone(opened);
    const canvases = () => window.player.shadowRoot!.querySelectorAll("canvas.decoded").length;
    assert.equal(await page.evaluate(canvases), 0);

    const from = await putBack(page);
    assert.ok(Math.abs(from - at) < 1, `removed at ${at} s, went on at ${from} s`);
    await reach(page, at + 0.3);
    await page.evaluate(() => window.player.remove());
    await assertGone(opened);
    assert.deepEqual(faults, []);
  });

  test("plays at another rate, pauses and ends as a video does", async (t) => {
    const { page } = await open(t, "width: 160px");
    await painted(page, "160x90");
    await page.evaluate(() => {
      window.player.currentTime = 4;
      window.player.playbackRate = 2;
      return window.player.play();
    });
    await reach(page, 4.6);
    const at = await page.evaluate(() => {
      window.player.pause();
      return window.player.currentTime;
    });
    await page.waitForTimeout(200);
    const { time, paused } = await look(page);
    assert.deepEqual({ time, paused }, { time: at, paused: true });
    await page.evaluate(() => {
      window.player.currentTime = 7;
      return window.player.play();
    });
    await until(page, () => window.player.ended);
    const told = await page.evaluate(() => window.told.map(({ type }) => type));
    for (const type of ["play", "pause", "ended", "seeked", "resize"])
      assert.ok(told.includes(type), `${type} was not told`);
    assert.equal((await look(page)).time, LENGTH);
  });

  test("a video replaced while it plays goes on with the new one at the same place", async (t) => {
    await stage.writeVideo("changing", 3);
    let replaced = () => {};
    const replacing = new Promise<void>((resolve) => {
      replaced = resolve;
    });
    const { page } = await stage.page(t, video("width: 160px", 'mode="direct"', "changing"), {
      // Eight groups come at once, so that something is left to ask for after the change.
      prepare: (opened) =>
        opened.route("**/changing/asset", async (route) => {
          const [, first] = /bytes=(\d+)/.exec(route.request().headers().range ?? "")!;
          if (Number(first) > 100_000) await replacing;
          await route.continue();
        }),
    });
    await page.evaluate(() => {
      window.player.playbackRate = 2;
      return window.player.play();
    });
    await reach(page, 1);
    await stage.writeVideo("changing", 4);
    replaced();
    await until(page, () => window.told.some(({ type }) => type === "emptied"));
    await reach(page, 5.5);
    const { error, paused, transport, rate } = await look(page);
    assert.deepEqual(
      { error, paused, transport, rate },
      { error: null, paused: false, transport: "direct", rate: 2 },
    );
  });

  describe("auto", () => {
    const auto = (t: { after(end: () => unknown): void }, options: PageOptions = {}) =>
      // Few pixels: what a slow machine affords is not what is held to.
      stage.page(t, video("width: 64px", 'mode="auto" loop'), options);

    test("decodes here where that is affordable", async (t) => {
      const { page, requests, faults } = await auto(t);
      await page.evaluate(() => window.player.play());
      await reach(page, 0.8);
      assert.equal((await look(page)).transport, "direct");
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
        assert.equal((await look(page)).transport, "elastic");
        assert.equal(page.workers().length, 0);
      }
    });

    test("goes on from the server, at the same place and rate, when the asset cannot be had any more", async (t) => {
      let chosen = () => {};
      const choosing = new Promise<void>((resolve) => {
        chosen = resolve;
      });
      const { page } = await auto(t, {
        prepare: async (opened) => {
          await opened.route("**/video/asset", (route) => {
            const [, first] = /bytes=(\d+)/.exec(route.request().headers().range ?? "")!;
            return Number(first) > 80_000 ? route.fulfill({ status: 403 }) : route.continue();
          });
          await opened.route("**/elastic.m3u8", (route) => choosing.then(() => route.continue()));
        },
      });
      await page.evaluate(() => {
        // Whichever of the two it is that plays at last.
        Object.assign(window, { plays: window.player.play() });
        window.player.playbackRate = 0.75;
      });
      await until(page, () => window.player.transport === "elastic");
      assert.equal((await look(page)).rate, 0.75);
      // Chosen before the server's stream is there, another rate holds as well.
      const at = await page.evaluate(() => {
        const { player } = window;
        player.playbackRate = 1.5;
        const from = new Promise<number>((resolve) => {
          player.addEventListener("playing", () => resolve(player.currentTime), { once: true });
        });
        Object.assign(window, { from });
        return player.currentTime;
      });
      chosen();
      const on = await page.evaluate(() => (window as unknown as { from: Promise<number> }).from);
      assert.ok(Math.abs(on - at) < 1, `moved at ${at} s, went on at ${on} s`);
      await page.evaluate(() => (window as unknown as { plays: Promise<void> }).plays);
      await until(page, () => window.player.shadowRoot!.querySelector("canvas.decoded") === null);
      await until(page, (before) => window.player.currentTime !== before, on);
      const { error, paused, rate } = await look(page);
      assert.deepEqual({ error, paused, rate }, { error: null, paused: false, rate: 1.5 });
      assert.equal(page.workers().length, 0);
    });

    test("goes on from the server when too many frames cannot be shown", async (t) => {
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
      await until(page, () => window.player.transport === "elastic" && window.player.readyState >= 3);
      const { paused, error } = await look(page);
      assert.deepEqual({ paused, error }, { paused: false, error: null });
    });

    test("removed while it measures it leaves no worker", async (t) => {
      const opened = await auto(t);
      await opened.page.evaluate(async () => {
        const again = window.player.cloneNode() as typeof window.player;
        window.player.replaceWith(again);
        window.player = again;
        while (again.requestedSize === null) await new Promise(requestAnimationFrame);
        again.remove();
      });
      await assertGone(opened);
    });
  });
});
