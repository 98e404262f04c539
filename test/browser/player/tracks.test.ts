import assert from "node:assert/strict";
import { it } from "node:test";
import { launchBrowser } from "../../support/browser.js";
import { PATIENCE, Stage, until, video } from "../../support/player-stage.js";

/** Chromium has lists of tracks of its own only when it is asked; WebKit, and so Safari, always has. */
const OWN_LISTS = "--enable-blink-features=AudioVideoTracks";

it("plays in browsers with lists of tracks of their own, and offers its renditions beside them", {
  timeout: PATIENCE,
}, async (t) => {
  const stage = await Stage.open(t);
  const browser = await launchBrowser(OWN_LISTS);
  t.after(() => browser.close());
  Object.assign(stage, { browser });
  const { page, faults } = await stage.page(t, video("width: 160px"));
  assert.ok(await page.evaluate(() => "videoTracks" in HTMLMediaElement.prototype), "no lists of its own");
  await until(page, () => window.player.readyState >= 2);
  assert.ok(await page.evaluate(() => window.player.videoRenditions.length > 0));
  assert.equal(await page.evaluate(() => [...window.player.audioTracks].length), 1);
  assert.deepEqual(faults, []);
});
