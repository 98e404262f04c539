import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { WAIT_TIMEOUT_MS } from "../../support/browser.js";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, VIDEO } from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const HLS_JS = join(import.meta.dirname, "../../../../node_modules/hls.js/dist/hls.min.js");
const SECONDS = 8;
/** The audio ends here, in seconds. */
const AUDIO_SECONDS = 1.5;

/** Plays across the end of the audio, seeks far beyond it, and plays to the end of the video. */
async function playToEnd(page: Page): Promise<void> {
  const reached = (seconds: number) =>
    page.waitForFunction(
      (at) => document.querySelector<HTMLMediaElement>("video, siedd-player")!.currentTime >= at,
      seconds,
      { timeout: WAIT_TIMEOUT_MS },
    );
  await page.evaluate(async (start) => {
    const media = document.querySelector<HTMLMediaElement>("video, siedd-player")!;
    media.muted = true;
    media.currentTime = start;
    await media.play();
  }, AUDIO_SECONDS - 0.5);
  await reached(AUDIO_SECONDS + 0.5);
  await page.evaluate((end) => {
    document.querySelector<HTMLMediaElement>("video, siedd-player")!.currentTime = end;
  }, SECONDS - 1.5);
  await page.waitForFunction(
    () => document.querySelector<HTMLMediaElement>("video, siedd-player")!.ended,
    undefined,
    { timeout: WAIT_TIMEOUT_MS },
  );
  await reached(SECONDS - 0.1);
}

describe("a video whose audio ends early", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage(1, async ({ folder }) => {
    const groups = Array.from({ length: SECONDS }, () => 25);
    const languages = ["eng", "ger"];
    const asset = syntheticAsset({ ...VIDEO, width: 64, height: 36, groups, languages, tone: AUDIO_SECONDS });
    await writeFile(join(folder, "short.siedd"), asset);
  });

  for (const mode of ["server", "direct"]) {
    test(`plays to its end, and after a seek beyond the audio, in ${mode} mode`, async (t) => {
      const markup = playerMarkup("width: 64px", `mode="${mode}"`, "short");
      const { page, faults } = await stage.page(t, markup);
      await playToEnd(page);
      const transport = mode === "server" ? "elastic" : "direct";
      assert.equal(await page.evaluate(() => window.player.transport), transport);
      assert.deepEqual(faults, []);
    });
  }

  test("plays to its end, and after a seek beyond the audio, with hls.js", async (t) => {
    const { page, faults } = await stage.page(t, "<video width=64 height=36></video>");
    await page.addScriptTag({ path: HLS_JS });
    await page.evaluate(`
      const hls = new Hls();
      hls.loadSource("short/master.m3u8");
      hls.attachMedia(document.querySelector("video"));`);
    await playToEnd(page);
    assert.deepEqual(faults, []);
  });
});
