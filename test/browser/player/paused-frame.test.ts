import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import {
  disableAvc3,
  playerMarkup,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  waitFor,
  waitForSize,
} from "../../support/player-stage.js";
import { psnr } from "../../support/screenshot-psnr.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const SECONDS = 3;

declare global {
  interface Window {
    /** Events of the player since it was last cleared. */
    events: string[];
    /** Each state, as JSON, in which the player did not report an ended, paused video. */
    violations: string[];
  }
}

/** Plays the last second to the end. */
const playToEnd = (page: Page) =>
  page.evaluate(async () => {
    const { player } = window;
    const end = new Promise((resolve) => player.addEventListener("ended", resolve, { once: true }));
    player.currentTime = 2.2;
    await player.play();
    await end;
  });

/** Records each event and each property that reveals the redraw of an ended video. */
const watchEnded = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    window.events = [];
    window.violations = [];
    const { currentTime } = player;
    for (const type of ["ended", "play", "pause", "playing", "seeking", "seeked", "timeupdate", "waiting"])
      player.addEventListener(type, () => window.events.push(type));
    const sample = () => {
      const { ended, paused, seeking } = player;
      if (!ended || !paused || seeking || player.currentTime !== currentTime)
        window.violations.push(JSON.stringify({ ended, paused, seeking, currentTime: player.currentTime }));
    };
    const video = player.shadowRoot!.querySelector("video")!;
    for (const type of ["seeking", "seeked", "timeupdate"]) video.addEventListener(type, sample);
    setInterval(sample, 5);
  });

/** Waits until the requested region is on screen, without scaling. */
const waitForRegion = (page: Page) =>
  waitFor(page, () => {
    const root = window.player.shadowRoot!;
    const frame = root.querySelector<HTMLElement>(
      window.player.transport === "direct" ? "canvas.decoded" : "video",
    )!;
    const heldFrame = root.querySelector<HTMLElement>(".held-frame:not(.decoded)")!;
    return (
      window.player.region !== "full" && ["", "none"].includes(frame.style.transform) && heldFrame.hidden
    );
  });

const TRANSPORTS = {
  elastic: {},
  levels: { before: disableAvc3 },
  direct: {},
} as const;

describe("the frame of a video that has ended or is paused near its end", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage(SECONDS, async ({ folder }) => {
    // Each tile has one color per group, so the colors identify the frame.
    const groups = Array.from({ length: SECONDS }, () => 25);
    const mosaic = { width: 320, height: 180, groups, tone: SECONDS, widths: [0], overlap: 0 };
    await writeFile(join(folder, "mosaic.siedd"), syntheticAsset(mosaic));
  });
  const player = (rest = "") =>
    playerMarkup("width: 320px; border-radius: 0; --siedd-radius: 0", `muted nocontrols ${rest}`, "./mosaic");

  /** Returns the PSNR between the screen and the server's last frame, in dB. */
  const lastFramePsnr = async (page: Page, region: string, width: number, height: number) => {
    const shot = await page.screenshot({ clip: { x: 0, y: 0, width, height } });
    const url = `${stage.server.url}mosaic/${region}/%5E${width},${height}/frame-2999.png`;
    return psnr(shot, Buffer.from(await (await fetch(url)).arrayBuffer()), { width, height });
  };
  const assertLastFrame = async (page: Page, region: string, width: number, height: number) => {
    const similarity = await lastFramePsnr(page, region, width, height);
    assert.ok(
      similarity > 25,
      `${similarity.toFixed(1)} dB to the last frame of ${region} at ${width}x${height}`,
    );
  };

  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    test(`follows size and region at the end, stays ended, and restarts (${transport})`, async (t) => {
      const mode = transport === "direct" ? 'mode="direct"' : "";
      const { page, faults } = await stage.page(t, player(mode), options);
      await waitFor(page, () => window.player.readyState >= 2);
      await playToEnd(page);
      await watchEnded(page);
      await page.evaluate(() => {
        window.player.style.width = "480px";
      });
      await waitForSize(page, "480x270");
      await assertLastFrame(page, "full", 480, 270);
      await page.evaluate(() => {
        window.player.region = "80,45,160,90";
      });
      await waitForRegion(page);
      await assertLastFrame(page, "80,45,160,90", 480, 270);
      await waitFor(page, () => !window.player.shadowRoot!.querySelector("video")!.seeking);
      const state = await playerState(page);
      assert.deepEqual([state.transport, state.ranges, state.paused], [transport, 1, true]);
      assert.deepEqual(await page.evaluate(() => [window.events, window.violations]), [[], []]);

      await page.evaluate(() => window.player.play());
      await waitFor(page, () => window.player.currentTime > 0.2);
      const replay = await page.evaluate(() => ({
        ended: window.player.ended,
        events: window.events.filter((type) => ["ended", "play", "pause"].includes(type)),
      }));
      assert.deepEqual(replay, { ended: false, events: ["play"] });
      await waitFor(page, () => window.player.ended);
      await waitFor(page, () => window.events.includes("ended"));
      assert.deepEqual(faults, []);
    });
  }

  test("applies a late change once the video has ended or is paused in its last frame", async (t) => {
    const { page, faults } = await stage.page(t, player());
    await waitFor(page, () => window.player.readyState >= 2);
    const playToEndDuring = (change: Promise<unknown>) =>
      Promise.all([change, waitFor(page, () => window.player.ended)]);
    await page.evaluate(() => {
      window.player.currentTime = 2.2;
      return window.player.play();
    });
    await playToEndDuring(
      page.evaluate(async () => {
        // A segment that loads after this is too late to be played.
        while (window.player.currentTime < 2.6) await new Promise((resolve) => setTimeout(resolve, 5));
        window.player.region = "80,45,160,90";
      }),
    );
    await waitForRegion(page);
    await assertLastFrame(page, "80,45,160,90", 320, 180);
    await page.evaluate(() => {
      window.player.currentTime = 2.99;
    });
    await waitFor(page, () => !window.player.seeking && !window.player.ended);
    await page.evaluate(() => {
      window.player.region = "0,0,160,90";
    });
    await waitFor(page, () => window.player.shadowRoot!.querySelector("video")!.style.transform === "none");
    await assertLastFrame(page, "0,0,160,90", 320, 180);
    assert.equal(await page.evaluate(() => window.player.currentTime), 2.99);
    // A change of a few pixels is applied, too.
    await page.evaluate(() => {
      window.player.style.width = "326px";
    });
    await waitForSize(page, "326x184");
    assert.deepEqual(faults, []);
  });

  test("a seek to the end shows the last frame, and the browser's own play button restarts the video", async (t) => {
    const { page, faults } = await stage.page(t, player());
    await waitFor(page, () => window.player.readyState >= 2);
    const events = await page.evaluate(async () => {
      const { player } = window;
      const events: string[] = [];
      const seeked = new Promise((resolve) => player.addEventListener("seeked", resolve, { once: true }));
      for (const type of ["seeking", "seeked"]) player.addEventListener(type, () => events.push(type));
      player.currentTime = player.duration;
      await seeked;
      return events;
    });
    for (const end = performance.now() + 60_000; (await lastFramePsnr(page, "full", 320, 180)) < 25; )
      assert.ok(performance.now() < end, "the last frame was not shown");
    assert.deepEqual(events, ["seeking", "seeked"]);

    await playToEnd(page);
    const resumedAt = await page.evaluate(async () => {
      const { player } = window;
      const video = player.shadowRoot!.querySelector("video")!;
      // Plays while the last frame is being redrawn.
      const redrawing = new Promise((resolve) => video.addEventListener("seeking", resolve, { once: true }));
      player.style.width = "480px";
      await redrawing;
      const playing = new Promise((resolve) => player.addEventListener("playing", resolve, { once: true }));
      await video.play();
      await playing;
      return player.currentTime;
    });
    assert.ok(resumedAt < 2, `resumed at ${resumedAt} s`);
    await waitFor(page, () => window.player.ended);
    assert.deepEqual(faults, []);
  });
});
