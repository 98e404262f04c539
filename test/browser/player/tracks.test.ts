import assert from "node:assert/strict";
import { it } from "node:test";
import { launchBrowser } from "../../support/browser.js";
import { playerMarkup, Stage, TEST_TIMEOUT_MS, waitFor } from "../../support/player-stage.js";

/** Enables native track lists in Chromium. WebKit, and so Safari, always has them. */
const NATIVE_TRACK_LISTS = "--enable-blink-features=AudioVideoTracks";

it("plays in browsers with native track lists and has videoRenditions there too", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const stage = await Stage.open(t);
  const browser = await launchBrowser(NATIVE_TRACK_LISTS);
  t.after(() => browser.close());
  Object.assign(stage, { browser });
  const { page, faults } = await stage.page(t, playerMarkup("width: 160px"));
  assert.ok(
    await page.evaluate(() => "videoTracks" in HTMLMediaElement.prototype),
    "the browser has no native track lists",
  );
  await waitFor(page, () => window.player.readyState >= 2);
  assert.ok(await page.evaluate(() => window.player.videoRenditions.length > 0));
  assert.equal(await page.evaluate(() => [...window.player.audioTracks].length), 1);
  assert.deepEqual(faults, []);
});
