import assert from "node:assert/strict";
import { before, describe, type TestContext, test } from "node:test";
import type { CDPSession, Page } from "playwright-core";
import type { LoadedSegment } from "../../../player/index.js";
import {
  PATIENCE,
  type PageOptions,
  reach,
  until,
  useStage,
  video,
  withoutInBandParameters,
} from "../../support/player-stage.js";

declare global {
  interface Window {
    arrivals: LoadedSegment[];
    /** Seconds of each wait while playing. */
    waits: number[];
  }
}

const UNLIMITED = -1;

/** The network between this page and the world; -1 bytes a second is no limit. */
async function throttle(session: CDPSession, bytesPerSecond: number, milliseconds: number): Promise<void> {
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: milliseconds,
    downloadThroughput: bytesPerSecond,
    uploadThroughput: UNLIMITED,
  });
}

/** As `until`, for what takes the seconds of a video and those of a slow network. */
const eventually = (page: Page, condition: (given: number) => boolean, given: number) =>
  page.waitForFunction(condition, given, { timeout: 120_000, polling: 50 });

/** Collects arrivals of the picture, and how long playing waited. */
function watch(): void {
  window.arrivals = [];
  window.waits = [];
  let since = 0;
  const { player } = window;
  player.addEventListener("segment", (event) => window.arrivals.push(event.detail));
  player.addEventListener("waiting", () => {
    since = performance.now();
  });
  player.addEventListener("playing", () => {
    if (since > 0) window.waits.push((performance.now() - since) / 1000);
    since = 0;
  });
}

describe("the player on a slow network", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(60);
  // So that what comes at the beginning is the exact size, however busy the machine.
  before(() => stage.warm("320,180", 0, 12));

  const play = async (t: TestContext, options: PageOptions = {}) => {
    const { page, faults } = await stage.page(t, video("width: 320px", "loop"), options);
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await page.evaluate(watch);
    await page.evaluate(() => window.player.play());
    await reach(page, 3);
    const { size, bytes, duration } = await page.evaluate(() => window.arrivals.at(-1)!);
    return { page, faults, session, wide: size.width, bytesPerSecond: bytes / duration };
  };
  /** -> the widths that came while the network was so slow for so long, and how long the video waited. */
  const slow = async (page: Page, session: CDPSession, bytesPerSecond: number, seconds: number) => {
    const from = await page.evaluate(() => {
      window.waits.length = 0;
      return window.arrivals.length;
    });
    await throttle(session, bytesPerSecond, 50);
    const at = await page.evaluate(() => window.player.currentTime);
    await eventually(page, (end) => window.player.currentTime >= end, at + seconds);
    return {
      widths: await page.evaluate(
        (first) => window.arrivals.slice(first).map(({ size }) => size.width),
        from,
      ),
      waited: await page.evaluate(() => window.waits.reduce((sum, seconds) => sum + seconds, 0)),
    };
  };

  test("plays on with fewer pixels, in widths that viewers share, and comes back to the exact ones", async (t) => {
    const { page, faults, session, wide, bytesPerSecond } = await play(t);
    // Half of what the exact size needs; the sound takes its part of it.
    const { widths, waited } = await slow(page, session, bytesPerSecond / 2, 7);
    const narrow = widths.filter((width) => width < wide);
    assert.ok(narrow.length >= 2, `widths ${widths}`);
    assert.ok(
      narrow.every((width) => width % 16 === 0),
      `widths ${widths}`,
    );
    // At the exact size it would wait for as long as it plays.
    assert.ok(waited < 5, `waited ${waited} s`);
    await throttle(session, UNLIMITED, 0);
    await eventually(page, (width) => window.arrivals.at(-1)!.size.width >= width, wide);
    assert.deepEqual(faults, []);
  });

  test("without in-band parameter sets it plays on with fewer pixels too", async (t) => {
    const { page, session, wide, bytesPerSecond } = await play(t, { before: withoutInBandParameters });
    assert.equal(await page.evaluate(() => window.player.transport), "levels");
    const { widths } = await slow(page, session, bytesPerSecond / 2, 6);
    assert.ok(Math.min(...widths) < wide, `widths ${widths}`);
  });

  test("what a slow network made small comes at the exact size once the video is loaded to its end", async (t) => {
    const { page, faults, session, wide, bytesPerSecond } = await play(t);
    await throttle(session, bytesPerSecond / 2, 50);
    await page.evaluate(() => {
      window.arrivals.length = 0;
      window.player.currentTime = 54;
    });
    await until(page, () => {
      const { buffered, duration, seeking } = window.player;
      const loaded = !seeking && buffered.length === 1 && buffered.end(0) > duration - 0.2;
      if (loaded) window.player.pause();
      return loaded;
    });
    const small = await page.evaluate(() => window.arrivals.map(({ size }) => size.width));
    assert.ok(Math.min(...small) < wide, `widths ${small}`);
    await throttle(session, UNLIMITED, 0);
    const exact = (width: number) => {
      const { currentTime } = window.player;
      const ahead = [
        ...new Map(
          window.arrivals
            .filter(({ start, duration }) => currentTime < start + duration)
            .map(({ index, size }) => [index, size.width]),
        ),
      ];
      return (
        ahead.length > 0 && ahead.every(([, got]) => got === width) && window.player.videoWidth === width
      );
    };
    await until(page, exact, wide);
    assert.equal(await page.evaluate(() => window.player.buffered.length), 1);
    await page.evaluate(() => {
      window.player.loop = false;
      window.player.currentTime = 59.5;
      return window.player.play();
    });
    await until(page, () => window.player.ended);
    assert.deepEqual(faults, []);
  });

  test("a busy server is asked again no sooner than it wants", async (t) => {
    const asked: number[] = [];
    const { page } = await stage.page(t, video("width: 320px"), {
      prepare: (prepared) =>
        prepared.route(/elastic-1\.m4s/, (route) => {
          asked.push(performance.now());
          return asked.length === 1
            ? route.fulfill({ status: 503, headers: { "retry-after": "1" } })
            : route.continue();
        }),
    });
    await page.evaluate(() => window.player.play());
    await reach(page, 1.2);
    // On a slow machine what comes too late is asked for anew, smaller.
    assert.ok(asked.length >= 2, "it was not asked again");
    // By itself hls.js would ask after half a second.
    assert.ok(asked[1]! - asked[0]! >= 950, `asked again after ${asked[1]! - asked[0]!} ms`);
  });

  test("a video that begins on a slow network asks for fewer pixels before its first picture", async (t) => {
    const { page } = await stage.page(t, "", {});
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await throttle(session, 12_000, 50);
    await page.evaluate(() => {
      document.body.innerHTML =
        '<siedd-player src="silent" style="width: 640px" autoplay muted></siedd-player>';
      window.player = document.querySelector("siedd-player")!;
    });
    await page.evaluate(watch);
    await until(page, () => window.arrivals.length >= 1);
    const first = await page.evaluate(() => window.arrivals[0]!);
    assert.ok(first.size.width < 640, `${first.size.width}, ${first.bytes} bytes in ${first.seconds} s`);
  });
});
