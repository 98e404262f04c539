import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import { PATIENCE, until, useStage, video } from "../../support/player-stage.js";

const state = (page: Page) =>
  page.evaluate(() => {
    const { player } = window;
    const { zoom, region } = player;
    return { zoom, region, attributes: [player.getAttribute("zoom"), player.getAttribute("region")] };
  });

describe("what attributes and properties of the zoom say, in Chromium", {
  concurrency: false,
  timeout: PATIENCE,
}, () => {
  const stage = useStage(undefined, (open) => open.writeVideo("other", 3));

  test("an attribute is what a page has set and a video begins with; a hand changes the properties alone", async (t) => {
    const { page, faults } = await stage.page(t, video("width: 320px", 'muted zoom="2"'));
    await until(page, () => window.player.readyState >= 2);
    assert.deepEqual(await state(page), { zoom: 2, region: "80,45,160,90", attributes: ["2", null] });

    await page.locator("siedd-player").locator(".stage").focus();
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await until(page, () => window.player.zoom > 3.9);
    assert.deepEqual((await state(page)).attributes, ["2", null], "untouched by keys");

    // The same value again is an order, as with the property.
    await page.evaluate(() => window.player.setAttribute("zoom", "2"));
    await until(page, () => window.player.zoom === 2);
    await page.keyboard.press("Escape");
    assert.deepEqual(await state(page), { zoom: 1, region: "full", attributes: ["2", null] });

    await page.evaluate(() => {
      window.player.src = "./other";
    });
    await until(page, () => window.player.info !== null);
    assert.deepEqual(await state(page), { zoom: 2, region: "80,45,160,90", attributes: ["2", null] });

    await page.evaluate(() => {
      window.player.zoom = 4;
    });
    assert.deepEqual((await state(page)).attributes, ["4", null], "a property is reflected");
    assert.deepEqual(faults, []);
  });

  test("object-fit: cover computes what it crops away as well; a region of the box's shape does not", async (t) => {
    const { page } = await stage.page(t, video("width: 180px; height: 180px; object-fit: cover", "muted"));
    await until(page, () => window.player.requestedSize?.height === 180);
    assert.deepEqual(await page.evaluate(() => window.player.requestedSize), { width: 320, height: 180 });
    await page.evaluate(() => {
      window.player.region = "70,0,180,180";
    });
    await until(page, () => window.player.requestedSize?.width === 180);
    assert.deepEqual(await page.evaluate(() => window.player.requestedSize), { width: 180, height: 180 });
    await until(page, () => window.player.videoWidth === 180 && window.player.videoHeight === 180);
  });
});
