import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import type {} from "../../../player/define.js";
import { disableAvc3, type Stage, TEST_TIMEOUT_MS, useStage } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

/** Videos by name: frame rate, frames of each group, and the playback rate of the test. */
const VIDEOS = {
  "tenth-fps": { frameRate: { num: 1, den: 10 }, groups: [1, 1, 1], rate: 16 },
  "fifth-fps": { frameRate: { num: 1, den: 5 }, groups: [1, 1, 1, 1], rate: 10 },
  "120-fps": { frameRate: { num: 120, den: 1 }, groups: [120, 60], rate: 1 },
  "one-frame": { frameRate: { num: 25, den: 1 }, groups: [1], rate: 1 },
  "two-frames": { frameRate: { num: 25, den: 1 }, groups: [2], rate: 1 },
  "three-frames": { frameRate: { num: 30000, den: 1001 }, groups: [3], rate: 1 },
} as const;

const writeVideos = ({ folder }: Stage) =>
  Promise.all(
    Object.entries(VIDEOS).map(([name, { frameRate, groups }]) =>
      writeFile(
        join(folder, `${name}.siedd`),
        syntheticAsset({ width: 64, height: 36, widths: [4], frameRate, groups }),
      ),
    ),
  );

/** Plays a video to its end, seeks to its middle, and loops it. Returns what happened. */
const exercise = (page: Page, rate: number) =>
  page.evaluate(async (playbackRate) => {
    const { player } = window;
    const until = async (condition: () => boolean) => {
      const end = performance.now() + 20_000;
      while (!condition() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
      return condition();
    };
    const loaded = await until(() => player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    const endedAtRest = player.ended;
    player.playbackRate = playbackRate;
    let seeks = 0;
    player.addEventListener("seeked", () => seeks++);
    await player.play();
    const ended = await until(() => player.ended);
    seeks = 0;
    player.currentTime = player.duration / 2;
    const seeked = await until(() => seeks > 0 && player.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    player.loop = true;
    seeks = 0;
    await player.play();
    // Each loop seeks to the start.
    const looped = await until(() => seeks >= 2);
    return { loaded, endedAtRest, ended, seeked, looped, error: player.error };
  }, rate);

describe("frame rates and lengths in Chromium", { concurrency: 3, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(1, writeVideos);
  const right = { loaded: true, endedAtRest: false, ended: true, seeked: true, looped: true, error: null };

  for (const [name, { rate }] of Object.entries(VIDEOS)) {
    for (const mode of ["elastic", "levels", "direct"]) {
      // The transports elastic and levels buffer alike.
      if (mode === "levels" && name !== "fifth-fps" && name !== "one-frame") continue;
      test(`${name}, ${mode}: plays, ends, seeks and loops`, async (t) => {
        const attributes = mode === "direct" ? 'mode="direct"' : "";
        const markup = `<siedd-player src="${name}" muted style="width: 64px" ${attributes}></siedd-player>`;
        const { page } = await stage.page(t, markup, mode === "levels" ? { before: disableAvc3 } : {});
        assert.deepEqual(await exercise(page, rate), right);
      });
    }
  }
});
