import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { playerMarkup, TEST_TIMEOUT_MS, useStage, waitFor } from "../../support/player-stage.js";

const MARKUP = playerMarkup("width: 640px", "muted");

describe("zoom gestures and keys in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const stage = useStage();

  test("wheel, drag, selection, keys and double click change the region, with one event each", async (t) => {
    const { page, faults } = await stage.page(t, MARKUP);
    await page.evaluate(() => {
      const regions: string[] = [];
      Object.assign(window, { regions });
      window.player.addEventListener("regionchange", ({ detail }) => regions.push(detail.region));
    });
    await waitFor(page, () => window.player.readyState >= 2);
    const current = () => page.evaluate(() => ({ region: window.player.region, zoom: window.player.zoom }));
    const waitForChange = async (before: string) => {
      await waitFor(page, (region) => window.player.region !== region, before);
      return current();
    };

    await page.mouse.move(160, 90);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -300);
    await page.keyboard.up("Control");
    const wheeled = await waitForChange("full");
    assert.ok(wheeled.zoom > 1.3, JSON.stringify(wheeled));
    const [x0] = wheeled.region.split(",").map(Number);

    // A drag pans.
    await page.mouse.down();
    await page.mouse.move(100, 60, { steps: 4 });
    await page.mouse.up();
    const panned = await waitForChange(wheeled.region);
    assert.equal(panned.zoom, wheeled.zoom);
    assert.ok(Number(panned.region.split(",")[0]) > x0!, `${panned.region} after ${wheeled.region}`);
    assert.equal(await page.evaluate(() => window.player.paused), true, "a drag is not a click");

    await page.mouse.dblclick(300, 150);
    await waitForChange(panned.region);
    assert.deepEqual(await current(), { region: "full", zoom: 1 });
    await page.evaluate(() => window.player.pause());

    // Away from the big play button in the center.
    await page.keyboard.down("Shift");
    await page.mouse.move(120, 60);
    await page.mouse.down();
    await page.mouse.move(220, 110, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up("Shift");
    const selected = await waitForChange("full");
    const [x, y, w, h] = selected.region.split(",").map(Number) as [number, number, number, number];
    assert.ok(
      x <= 60 && y <= 30 && x + w >= 109 && y + h >= 54,
      `${selected.region} does not contain the selection`,
    );
    assert.ok(w <= 80, selected.region);

    await page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".stage")!.focus());
    await page.keyboard.press("-");
    const wider = await waitForChange(selected.region);
    assert.ok(wider.zoom < selected.zoom);
    await page.keyboard.press("Shift+ArrowLeft");
    const left = await waitForChange(wider.region);
    assert.ok(Number(left.region.split(",")[0]) < Number(wider.region.split(",")[0]));
    await page.keyboard.press("Escape");
    await waitForChange(left.region);
    await page.keyboard.press("+");
    const middle = await waitForChange("full");
    assert.ok(Math.abs(middle.zoom - Math.SQRT2) < 0.05, String(middle.zoom));
    await page.keyboard.press("0");
    await waitForChange(middle.region);
    assert.deepEqual(await current(), { region: "full", zoom: 1 });

    const regions = await page.evaluate(() => (window as unknown as { regions: string[] }).regions);
    assert.equal(regions.length, 9, regions.join(" | "));
    assert.deepEqual(faults, []);
  });

  test("the zoom tool hides the big play button, and a selection zooms", async (t) => {
    const { page } = await stage.page(t, MARKUP);
    await waitFor(page, () => window.player.readyState >= 2);
    const bigPlay = page.locator("siedd-player").locator(".big-play");
    await bigPlay.waitFor();
    await page.locator("siedd-player").locator(".zoom-tool").click();
    await bigPlay.waitFor({ state: "hidden" });
    await page.mouse.move(320, 180);
    await page.mouse.down();
    await page.mouse.move(420, 230, { steps: 4 });
    await page.mouse.up();
    await waitFor(page, () => window.player.zoom > 3);
    assert.equal(await page.evaluate(() => window.player.paused), true);
  });

  test("a click with the zoom tool zooms in and does not play", async (t) => {
    const { page } = await stage.page(t, MARKUP);
    await waitFor(page, () => window.player.readyState >= 2);
    await page.locator("siedd-player").locator(".zoom-tool").click();
    await page.mouse.click(320, 180);
    await waitFor(page, () => window.player.region !== "full");
    assert.deepEqual(
      await page.evaluate(() => ({ region: window.player.region, paused: window.player.paused })),
      { region: "80,45,160,90", paused: true },
    );
  });

  test("a pinch zooms around the center of the fingers", async (t) => {
    const { page, faults } = await stage.page(t, MARKUP, { context: { hasTouch: true } });
    await waitFor(page, () => window.player.readyState >= 2);
    const session = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: [number, number][]) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: points.map(([x, y], id) => ({ x, y, id })),
      });
    await touch("touchStart", [300, 250]);
    await touch("touchStart", [300, 250], [340, 250]);
    for (let d = 20; d <= 120; d += 20) await touch("touchMove", [300 - d, 250], [340 + d, 250]);
    await touch("touchEnd");
    await waitFor(page, () => window.player.zoom > 3);
    const [x, , w] = (await page.evaluate(() => window.player.region)).split(",").map(Number);
    assert.ok(Math.abs(x! + w! / 2 - 160) < 12, `the center is at ${x! + w! / 2} of 320`);
    assert.equal(await page.evaluate(() => window.player.paused), true);
    assert.deepEqual(faults, []);
  });
});
