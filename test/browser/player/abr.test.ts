import assert from "node:assert/strict";
import { before, describe, type TestContext, test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import type { LoadedSegment } from "../../../player/index.js";
import {
  disableAvc3,
  type PageOptions,
  playerMarkup,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";

declare global {
  interface Window {
    loadedSegments: LoadedSegment[];
    /** Duration of each stall, in seconds. */
    stalls: number[];
  }
}

const UNLIMITED = -1;

/** Throttles the page's network; -1 bytes per second is unlimited. */
async function throttle(session: CDPSession, bytesPerSecond: number, latencyMs: number): Promise<void> {
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: latencyMs,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: UNLIMITED,
  });
}

/** Like `waitFor`, with a longer timeout for a slow network. */
const waitForOnSlowNetwork = (page: Page, condition: (value: number) => boolean, value: number) =>
  page.waitForFunction(condition, value, { timeout: 120_000, polling: 50 });

/** Records loaded segments and stalls. */
function recordPlayback(): void {
  window.loadedSegments = [];
  window.stalls = [];
  let stalledAt = 0;
  const { player } = window;
  player.addEventListener("segment", (event) => window.loadedSegments.push(event.detail));
  player.addEventListener("waiting", () => {
    stalledAt = performance.now();
  });
  player.addEventListener("playing", () => {
    if (stalledAt > 0) window.stalls.push((performance.now() - stalledAt) / 1000);
    stalledAt = 0;
  });
}

describe("the player on a slow network", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(60);
  // Cached segments start at the exact size, however busy the machine is.
  before(() => stage.warmCache("320,180", 0, 12));

  const play = async (t: TestContext, options: PageOptions = {}) => {
    const { page, faults } = await stage.page(t, playerMarkup("width: 320px", "loop"), options);
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await page.evaluate(recordPlayback);
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 3);
    const { size, bytes, duration } = await page.evaluate(() => window.loadedSegments.at(-1)!);
    return { page, faults, session, exactWidth: size.width, bytesPerSecond: bytes / duration };
  };
  /** Plays `seconds` of video at this bandwidth. Returns the loaded widths and the total duration of stalls in seconds. */
  const playThrottled = async (page: Page, session: CDPSession, bytesPerSecond: number, seconds: number) => {
    const firstIndex = await page.evaluate(() => {
      window.stalls.length = 0;
      return window.loadedSegments.length;
    });
    await throttle(session, bytesPerSecond, 50);
    const start = await page.evaluate(() => window.player.currentTime);
    await waitForOnSlowNetwork(page, (end) => window.player.currentTime >= end, start + seconds);
    return {
      widths: await page.evaluate(
        (first) => window.loadedSegments.slice(first).map(({ size }) => size.width),
        firstIndex,
      ),
      stalled: await page.evaluate(() => window.stalls.reduce((sum, seconds) => sum + seconds, 0)),
    };
  };

  test("continues with fewer pixels, in widths that viewers share, and returns to the exact size", async (t) => {
    const { page, faults, session, exactWidth, bytesPerSecond } = await play(t);
    // Half of what the exact size needs; the audio shares it.
    const { widths, stalled } = await playThrottled(page, session, bytesPerSecond / 2, 7);
    const reduced = widths.filter((width) => width < exactWidth);
    assert.ok(reduced.length >= 2, `widths ${widths}`);
    assert.ok(
      reduced.every((width) => width % 16 === 0),
      `widths ${widths}`,
    );
    // At the exact size it would stall for as long as it plays.
    assert.ok(stalled < 5, `stalled for ${stalled} s`);
    await throttle(session, UNLIMITED, 0);
    await waitForOnSlowNetwork(
      page,
      (width) => window.loadedSegments.at(-1)!.size.width >= width,
      exactWidth,
    );
    assert.deepEqual(faults, []);
  });

  test("continues with fewer pixels without in-band parameter sets, too", async (t) => {
    const { page, session, exactWidth, bytesPerSecond } = await play(t, { before: disableAvc3 });
    assert.equal(await page.evaluate(() => window.player.transport), "levels");
    const { widths } = await playThrottled(page, session, bytesPerSecond / 2, 6);
    assert.ok(Math.min(...widths) < exactWidth, `widths ${widths}`);
  });

  test("replaces reduced segments at the exact size once the video is loaded to its end", async (t) => {
    const { page, faults, session, exactWidth, bytesPerSecond } = await play(t);
    await throttle(session, bytesPerSecond / 2, 50);
    await page.evaluate(() => {
      window.loadedSegments.length = 0;
      window.player.currentTime = 54;
    });
    await waitFor(page, () => {
      const { buffered, duration, seeking } = window.player;
      const loaded = !seeking && buffered.length === 1 && buffered.end(0) > duration - 0.2;
      if (loaded) window.player.pause();
      return loaded;
    });
    const widths = await page.evaluate(() => window.loadedSegments.map(({ size }) => size.width));
    assert.ok(Math.min(...widths) < exactWidth, `widths ${widths}`);
    await throttle(session, UNLIMITED, 0);
    const isExactAhead = (width: number) => {
      const { currentTime } = window.player;
      const ahead = [
        ...new Map(
          window.loadedSegments
            .filter(({ start, duration }) => currentTime < start + duration)
            .map(({ index, size }) => [index, size.width]),
        ),
      ];
      return (
        ahead.length > 0 &&
        ahead.every(([, loadedWidth]) => loadedWidth === width) &&
        window.player.videoWidth === width
      );
    };
    await waitFor(page, isExactAhead, exactWidth);
    assert.equal(await page.evaluate(() => window.player.buffered.length), 1);
    await page.evaluate(() => {
      window.player.loop = false;
      window.player.currentTime = 59.5;
      return window.player.play();
    });
    await waitFor(page, () => window.player.ended);
    assert.deepEqual(faults, []);
  });

  test("retries a busy server no sooner than its Retry-After", async (t) => {
    const requestTimes: number[] = [];
    const { page } = await stage.page(t, playerMarkup("width: 320px"), {
      prepare: (prepared) =>
        prepared.route(/elastic-1\.m4s/, (route) => {
          requestTimes.push(performance.now());
          return requestTimes.length === 1
            ? route.fulfill({ status: 503, headers: { "retry-after": "1" } })
            : route.continue();
        }),
    });
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 1.2);
    // More than two on a slow machine, where late segments are requested again with fewer pixels.
    assert.ok(requestTimes.length >= 2, "not retried");
    // hls.js alone would retry after half a second.
    const delay = requestTimes[1]! - requestTimes[0]!;
    assert.ok(delay >= 950, `retried after ${delay} ms`);
  });

  test("requests fewer pixels before the first frame on a slow network", async (t) => {
    const { page } = await stage.page(t, "", {});
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await throttle(session, 12_000, 50);
    await page.evaluate(() => {
      document.body.innerHTML =
        '<siedd-player src="silent" style="width: 640px" autoplay muted></siedd-player>';
      window.player = document.querySelector("siedd-player")!;
    });
    await page.evaluate(recordPlayback);
    await waitFor(page, () => window.loadedSegments.length >= 1);
    const first = await page.evaluate(() => window.loadedSegments[0]!);
    assert.ok(first.size.width < 640, `${first.size.width}, ${first.bytes} bytes in ${first.seconds} s`);
  });
});
