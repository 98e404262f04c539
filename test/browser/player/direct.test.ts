import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { painted, showsFrame } from "../../support/canvas.js";
import {
  assertDisposed,
  type PageOptions,
  playerMarkup,
  playerState,
  reattach,
  TEST_TIMEOUT_MS,
  useStage,
  VIDEO,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

const DURATION = VIDEO.groups.length;

/** Returns the state of the player, its canvas and its frame counts. */
const directState = async (page: Page) => ({
  ...(await playerState(page)),
  ...(await page.evaluate(() => {
    const { player } = window;
    const canvas = player.shadowRoot!.querySelector("canvas.decoded") as HTMLCanvasElement | null;
    const { totalVideoFrames: total, droppedVideoFrames: dropped } = player.getVideoPlaybackQuality();
    return {
      // Overrides the size of the media element, which has no frames here.
      size: `${player.videoWidth}x${player.videoHeight}`,
      canvas: canvas === null || canvas.style.display === "none" ? null : `${canvas.width}x${canvas.height}`,
      duration: player.duration,
      total,
      dropped,
    };
  })),
});

/** Waits until the whole video is buffered. */
const fetched = (page: Page) =>
  waitFor(
    page,
    (end) => {
      const { buffered } = window.player;
      return buffered.length === 1 && buffered.end(0) > end;
    },
    DURATION - 0.1,
  );
const countAssetRequests = (requests: readonly string[]) =>
  requests.filter((path) => path.endsWith("/asset")).length;

describe("direct mode in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage();
  const open = (
    t: { after(end: () => unknown): void },
    style: string,
    rest = "",
    options: PageOptions = {},
  ) => stage.page(t, playerMarkup(style, `mode="direct" ${rest}`), options);

  test("plays audio and frames in sync at exactly the size of the element", async (t) => {
    const { page, faults } = await open(t, "width: 404px");
    await painted(page, "404x228");
    await page.evaluate(() => {
      // Leaves time for every frame on a busy machine.
      window.player.playbackRate = 0.5;
      return window.player.play();
    });
    await waitForTime(page, 1);
    const state = await directState(page);
    assert.equal(state.size, "404x228");
    assert.equal(state.canvas, "404x228");
    assert.equal(state.transport, "direct");
    assert.equal(state.duration, DURATION);
    assert.equal(state.ranges, 1);
    assert.ok(state.total >= 20, `${state.total} frames came due`);
    assert.ok(state.dropped < state.total / 2, `${state.dropped} of ${state.total} frames were dropped`);
    assert.ok(state.audioBytes > 0, "no audio was decoded");
    assert.deepEqual(faults, []);
  });

  test("shows the frame at the playhead, within 2 of 255 of the server's image", async (t) => {
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
      await showsFrame(
        page,
        `${stage.server.url}video/full/${enlarged}${width},${height}/frame-${milliseconds}.png`,
      );
    }
  });

  test("resizing, looping and seeking back need no request", async (t) => {
    const { page, requests } = await open(t, "width: 240px", "loop");
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.4);
    await fetched(page);
    const before = countAssetRequests(requests);
    assert.ok(before <= 9, `${before} requests for eight groups`);
    await page.evaluate(() => {
      window.player.style.width = "480px";
    });
    await painted(page, "480x270");
    await page.evaluate(() => {
      window.player.currentTime = 7.6;
    });
    await waitFor(page, () => window.player.currentTime > 0.2 && window.player.currentTime < 3);
    await page.evaluate(() => {
      window.player.currentTime = 4;
    });
    await waitForTime(page, 4.3);
    await painted(page, "480x270");
    assert.equal((await playerState(page)).paused, false);
    assert.equal(countAssetRequests(requests), before);
  });

  test("a region is decoded immediately, at full density, without a request", async (t) => {
    const { page, requests } = await open(t, "width: 404px");
    await painted(page, "404x228");
    await fetched(page);
    const before = countAssetRequests(requests);
    await page.evaluate(() => window.player.setAttribute("region", "80,44,160,90"));
    await showsFrame(page, `${stage.server.url}video/80,44,160,90/%5E404,228/frame-0.png`);
    assert.equal(countAssetRequests(requests), before);
  });

  test("leaves no worker, request or timer when removed, and resumes at the same position when added again", async (t) => {
    const playerPage = await open(t, "width: 240px");
    const { page, faults } = playerPage;
    await page.evaluate(() => window.player.play());
    await painted(page, "240x136");
    await waitForTime(page, 1.2);
    assert.ok(page.workers().length >= 1);
    const at = await page.evaluate(() => {
      window.player.remove();
      return window.player.currentTime;
    });
    await assertDisposed(playerPage);
    const canvases = () => window.player.shadowRoot!.querySelectorAll("canvas.decoded").length;
    assert.equal(await page.evaluate(canvases), 0);

    const resumedAt = await reattach(page);
    assert.ok(Math.abs(resumedAt - at) < 1, `removed at ${at} s, resumed at ${resumedAt} s`);
    await waitForTime(page, at + 0.3);
    await page.evaluate(() => window.player.remove());
    await assertDisposed(playerPage);
    assert.deepEqual(faults, []);
  });

  test("plays at another rate, pauses and ends", async (t) => {
    const { page } = await open(t, "width: 160px");
    await painted(page, "160x90");
    await page.evaluate(() => {
      window.player.currentTime = 4;
      window.player.playbackRate = 2;
      return window.player.play();
    });
    await waitForTime(page, 4.6);
    const at = await page.evaluate(() => {
      window.player.pause();
      return window.player.currentTime;
    });
    await page.waitForTimeout(200);
    const { time, paused } = await playerState(page);
    assert.deepEqual({ time, paused }, { time: at, paused: true });
    await page.evaluate(() => {
      window.player.currentTime = 7;
      return window.player.play();
    });
    await waitFor(page, () => window.player.ended);
    const events = await page.evaluate(() => window.playerEvents.map(({ type }) => type));
    for (const type of ["play", "pause", "ended", "seeked", "resize"])
      assert.ok(events.includes(type), `no ${type} event`);
    assert.equal((await playerState(page)).time, DURATION);
  });

  test("continues with a replaced video at the same position", async (t) => {
    await stage.writeVideo("changing", 3);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { page } = await stage.page(t, playerMarkup("width: 160px", 'mode="direct"', "changing"), {
      // Holds back the last of the eight groups, so that one is requested after the change.
      prepare: (opened) =>
        opened.route("**/changing/asset", async (route) => {
          const [, first] = /bytes=(\d+)/.exec(route.request().headers().range ?? "")!;
          if (Number(first) > 100_000) await released;
          await route.continue();
        }),
    });
    await page.evaluate(() => {
      window.player.playbackRate = 2;
      return window.player.play();
    });
    await waitForTime(page, 1);
    await stage.writeVideo("changing", 4);
    release();
    await waitFor(page, () => window.playerEvents.some(({ type }) => type === "emptied"));
    await waitForTime(page, 5.5);
    const { error, paused, transport, rate } = await playerState(page);
    assert.deepEqual(
      { error, paused, transport, rate },
      { error: null, paused: false, transport: "direct", rate: 2 },
    );
  });
});
