import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";

const state = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const { zoom, region } = player;
    return { zoom, region, attributes: [player.getAttribute("zoom"), player.getAttribute("region")] };
  });

describe("the attributes region and zoom in Chromium", {
  concurrency: false,
  timeout: TEST_TIMEOUT_MS,
}, () => {
  const stage = useStage(undefined, (open) => open.writeVideo("other", 3));

  test("the attribute is the initial value of each video; gestures and keys only change the property", async (t) => {
    const { page, faults } = await stage.page(t, playerMarkup("width: 320px", 'muted zoom="2"'));
    await waitFor(page, () => window.player.readyState >= 2);
    assert.deepEqual(await state(page), { zoom: 2, region: "80,45,160,90", attributes: ["2", null] });

    await page.locator("siedd-player").locator(".stage").focus();
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await waitFor(page, () => window.player.zoom > 3.9);
    assert.deepEqual((await state(page)).attributes, ["2", null], "keys do not change the attribute");

    // Setting the same value again applies it.
    await page.evaluate(() => window.player.setAttribute("zoom", "2"));
    await waitFor(page, () => window.player.zoom === 2);
    await page.keyboard.press("Escape");
    assert.deepEqual(await state(page), { zoom: 1, region: "full", attributes: ["2", null] });

    await page.evaluate(() => {
      window.player.src = "./other";
    });
    await waitFor(page, () => window.player.info !== null);
    assert.deepEqual(await state(page), { zoom: 2, region: "80,45,160,90", attributes: ["2", null] });

    await page.evaluate(() => {
      window.player.zoom = 4;
    });
    assert.deepEqual((await state(page)).attributes, ["4", null], "the attribute reflects the property");
    assert.deepEqual(faults, []);
  });

  test("object-fit: cover also requests the cropped pixels; a region with the aspect ratio of the box has none", async (t) => {
    const { page } = await stage.page(
      t,
      playerMarkup("width: 180px; height: 180px; object-fit: cover", "muted"),
    );
    await waitFor(page, () => window.player.requestedSize?.height === 180);
    assert.deepEqual(await page.evaluate(() => window.player.requestedSize), { width: 320, height: 180 });
    await page.evaluate(() => {
      window.player.region = "70,0,180,180";
    });
    await waitFor(page, () => window.player.requestedSize?.width === 180);
    assert.deepEqual(await page.evaluate(() => window.player.requestedSize), { width: 180, height: 180 });
    await waitFor(page, () => window.player.videoWidth === 180 && window.player.videoHeight === 180);
  });
});
