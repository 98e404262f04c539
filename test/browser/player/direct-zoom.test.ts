import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { Stage, TEST_TIMEOUT_MS, waitFor, waitForTime } from "../../support/player-stage.js";
import { psnr } from "../../support/screenshot-psnr.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const SIZE = { width: 320, height: 180 };
const clip = { x: 0, y: 0, ...SIZE };

/** Removes the requests of the minimap, which shows storyboard thumbnails. */
const withoutStoryboard = (paths: readonly string[]) =>
  paths.filter((path) => !/\/storyboard[^/]*$/.test(path));

/** Waits until the visible region is decoded and no longer scaled. */
const waitForRegion = (page: Page) =>
  waitFor(page, () => {
    const root = window.player.shadowRoot!;
    const canvas = root.querySelector<HTMLCanvasElement>("canvas.decoded")!;
    const { region } = window.player;
    return region !== "full" && ["", "none"].includes(canvas.style.transform) && canvas.width === 320;
  });

test("direct mode decodes the zoomed region, paused and playing, without a request", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const cleanups: (() => unknown)[] = [];
  t.after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });
  const stage = await Stage.open({
    after: (cleanup) => void cleanups.unshift(cleanup as () => unknown),
  });
  // Has more detail than the full frame shows on screen.
  const fine = { width: 1280, height: 720, groups: [25, 25, 25, 25], widths: [4] };
  await writeFile(join(stage.folder, "fine.siedd"), syntheticAsset(fine));
  const markup =
    '<siedd-player src="./fine" mode="direct" muted nocontrols preload="auto" poster="" style="width: 320px; border-radius: 0; --siedd-radius: 0"></siedd-player>';
  const { page, faults, requests } = await stage.page(t, markup);
  await waitFor(page, () => window.player.readyState >= 2);
  const fetchFrame = async (region: string, size: string) => {
    const url = new URL(`fine/${region}/%5E${size}/frame-0.png`, stage.server.url);
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  };
  // The only requests are for the groups, and they come first.
  await waitFor(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) > 3.9);
  const before = requests.length;

  await page.mouse.move(240, 60);
  await page.keyboard.down("Control");
  for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await waitFor(page, () => window.player.zoom > 2.5 && window.player.region !== "full");
  await waitForRegion(page);
  // The last wheel events may still be in progress.
  let [region, reference, actual] = ["", Buffer.alloc(0), 0];
  for (const end = performance.now() + 30_000; actual < 30 && performance.now() < end; ) {
    const current = await page.evaluate(() => window.player.region);
    if (current !== region) [region, reference] = [current, await fetchFrame(current, "320,180")];
    actual = await psnr(await page.screenshot({ clip }), reference, SIZE);
  }
  const [x, y, width, height] = region.split(",").map(Number) as [number, number, number, number];
  assert.deepEqual(withoutStoryboard(requests.slice(before)), []);

  const full = sharp(await fetchFrame("full", "320,180"));
  const [left, top] = [Math.round(x / 4), Math.round(y / 4)];
  const scaled = await full
    .extract({ left, top, width: Math.round(width / 4), height: Math.round(height / 4) })
    .resize(SIZE)
    .png()
    .toBuffer();
  const blurred = await psnr(scaled, reference, SIZE);
  t.diagnostic(`${region}: PSNR ${actual.toFixed(1)} dB, of the scaled full frame ${blurred.toFixed(1)} dB`);
  assert.ok(actual > 30 && actual > blurred + 4, `${actual} dB, of the scaled full frame ${blurred} dB`);

  await page.evaluate(() => window.player.play());
  await waitForTime(page, 0.3);
  const beforeZoom = requests.length;
  await page.evaluate(() => {
    window.player.region = "full";
  });
  await page.evaluate(() => {
    window.player.zoom = 4;
  });
  await waitForRegion(page);
  assert.equal(await page.evaluate(() => window.player.paused), false);
  assert.deepEqual(withoutStoryboard(requests.slice(beforeZoom)), []);
  assert.deepEqual(faults, []);
});
