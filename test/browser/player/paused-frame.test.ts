import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import {
  look,
  PATIENCE,
  shows,
  until,
  useStage,
  video,
  withoutInBandParameters,
} from "../../support/player-stage.js";
import { psnr } from "../../support/screenshot-psnr.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const SECONDS = 3;

declare global {
  interface Window {
    /** What was told since it was cleared. */
    heard: string[];
    /** Whether the video was ever seen not to rest at its end. */
    stirred: string[];
  }
}

/** Plays the last second to the end, and listens from then on. */
const playToEnd = (page: Page) =>
  page.evaluate(async () => {
    const { player } = window;
    const end = new Promise((resolve) => player.addEventListener("ended", resolve, { once: true }));
    player.currentTime = 2.2;
    await player.play();
    await end;
  });

/** Notes each event that says that the video does not rest, and each moment at which a property does. */
const watchRest = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    window.heard = [];
    window.stirred = [];
    const { currentTime } = player;
    for (const type of ["ended", "play", "pause", "playing", "seeking", "seeked", "timeupdate", "waiting"])
      player.addEventListener(type, () => window.heard.push(type));
    const sample = () => {
      const { ended, paused, seeking } = player;
      if (!ended || !paused || seeking || player.currentTime !== currentTime)
        window.stirred.push(JSON.stringify({ ended, paused, seeking, at: player.currentTime }));
    };
    const video = player.shadowRoot!.querySelector("video")!;
    for (const type of ["seeking", "seeked", "timeupdate"]) video.addEventListener(type, sample);
    setInterval(sample, 5);
  });

/** Nothing is scaled any more. */
const settled = (page: Page) =>
  until(page, () => {
    const root = window.player.shadowRoot!;
    const frame = root.querySelector<HTMLElement>(
      window.player.transport === "direct" ? "canvas.decoded" : "video",
    )!;
    const held = root.querySelector<HTMLElement>(".held:not(.decoded)")!;
    return window.player.region !== "full" && ["", "none"].includes(frame.style.transform) && held.hidden;
  });

const paths = {
  elastic: {},
  levels: { before: withoutInBandParameters },
  direct: {},
} as const;

describe("a video that has ended, or rests near its end", { concurrency: false, timeout: PATIENCE }, () => {
  const stage = useStage(SECONDS, async ({ folder }) => {
    // Tiles of one color each, another in each group: which frame it is can be told from its colors.
    const groups = Array.from({ length: SECONDS }, () => 25);
    const mosaic = { width: 320, height: 180, groups, tone: SECONDS, widths: [0], overlap: 0 };
    await writeFile(join(folder, "mosaic.siedd"), syntheticAsset(mosaic));
  });
  const player = (rest = "") =>
    video("width: 320px; border-radius: 0; --siedd-radius: 0", `muted nocontrols ${rest}`, "./mosaic");

  /** How near the picture on screen is to the server's own, in dB. */
  const likeness = async (page: Page, region: string, width: number, height: number) => {
    const shot = await page.screenshot({ clip: { x: 0, y: 0, width, height } });
    const url = `${stage.server.url}mosaic/${region}/%5E${width},${height}/frame-2999.png`;
    return psnr(shot, Buffer.from(await (await fetch(url)).arrayBuffer()), { width, height });
  };
  const isLastFrame = async (page: Page, region: string, width: number, height: number) => {
    const like = await likeness(page, region, width, height);
    assert.ok(like > 25, `${like.toFixed(1)} dB from the last frame of ${region} at ${width}x${height}`);
  };

  for (const [transport, options] of Object.entries(paths)) {
    test(`at its end it gets the pixels of another size and region, stays ended, and plays from the start (${transport})`, async (t) => {
      const mode = transport === "direct" ? 'mode="direct"' : "";
      const { page, faults } = await stage.page(t, player(mode), options);
      await until(page, () => window.player.readyState >= 2);
      await playToEnd(page);
      await watchRest(page);
      await page.evaluate(() => {
        window.player.style.width = "480px";
      });
      await shows(page, "480x270");
      await isLastFrame(page, "full", 480, 270);
      await page.evaluate(() => {
        window.player.region = "80,45,160,90";
      });
      await settled(page);
      await isLastFrame(page, "80,45,160,90", 480, 270);
      await until(page, () => !window.player.shadowRoot!.querySelector("video")!.seeking);
      const seen = await look(page);
      assert.deepEqual([seen.transport, seen.ranges, seen.paused], [transport, 1, true]);
      assert.deepEqual(await page.evaluate(() => [window.heard, window.stirred]), [[], []]);

      await page.evaluate(() => window.player.play());
      await until(page, () => window.player.currentTime > 0.2);
      const again = await page.evaluate(() => ({
        ended: window.player.ended,
        order: window.heard.filter((type) => ["ended", "play", "pause"].includes(type)),
        at: window.player.currentTime,
      }));
      assert.deepEqual([again.ended, again.order], [false, ["play"]]);
      await until(page, () => window.player.ended);
      await until(page, () => window.heard.includes("ended"));
      assert.deepEqual(faults, []);
    });
  }

  test("a change that comes too late to be played is there once the video has ended, or rests within its last frame", async (t) => {
    const { page, faults } = await stage.page(t, player());
    await until(page, () => window.player.readyState >= 2);
    const playsOut = (changed: Promise<unknown>) =>
      Promise.all([changed, until(page, () => window.player.ended)]);
    await page.evaluate(() => {
      window.player.currentTime = 2.2;
      return window.player.play();
    });
    await playsOut(
      page.evaluate(async () => {
        // Nothing that comes now can be played any more.
        while (window.player.currentTime < 2.6) await new Promise((resolve) => setTimeout(resolve, 5));
        window.player.region = "80,45,160,90";
      }),
    );
    await settled(page);
    await isLastFrame(page, "80,45,160,90", 320, 180);
    await page.evaluate(() => {
      window.player.currentTime = 2.99;
    });
    await until(page, () => !window.player.seeking && !window.player.ended);
    await page.evaluate(() => {
      window.player.region = "0,0,160,90";
    });
    await until(page, () => window.player.shadowRoot!.querySelector("video")!.style.transform === "none");
    await isLastFrame(page, "0,0,160,90", 320, 180);
    assert.equal(await page.evaluate(() => window.player.currentTime), 2.99);
    // A few pixels are followed too, where nothing else is to be done.
    await page.evaluate(() => {
      window.player.style.width = "326px";
    });
    await shows(page, "326x184");
    assert.deepEqual(faults, []);
  });

  test("a hand that goes to the end sees the last frame, and the browser's own button plays from the start", async (t) => {
    const { page, faults } = await stage.page(t, player());
    await until(page, () => window.player.readyState >= 2);
    const told = await page.evaluate(async () => {
      const { player } = window;
      const told: string[] = [];
      const came = new Promise((resolve) => player.addEventListener("seeked", resolve, { once: true }));
      for (const type of ["seeking", "seeked"]) player.addEventListener(type, () => told.push(type));
      player.currentTime = player.duration;
      await came;
      return told;
    });
    for (const end = performance.now() + 60_000; (await likeness(page, "full", 320, 180)) < 25; )
      assert.ok(performance.now() < end, "the last frame has not come to the screen");
    assert.deepEqual(told, ["seeking", "seeked"]);

    await playToEnd(page);
    const from = await page.evaluate(async () => {
      const { player } = window;
      const video = player.shadowRoot!.querySelector("video")!;
      // While the last frame is decoded anew.
      const stirred = new Promise((resolve) => video.addEventListener("seeking", resolve, { once: true }));
      player.style.width = "480px";
      await stirred;
      const begun = new Promise((resolve) => player.addEventListener("playing", resolve, { once: true }));
      await video.play();
      await begun;
      return player.currentTime;
    });
    assert.ok(from < 2, `it went on at ${from} s`);
    await until(page, () => window.player.ended);
    assert.deepEqual(faults, []);
  });
});
