import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { PATIENCE, reach, Stage, until } from "../../support/player-stage.js";
import { psnr } from "../../support/screenshot-psnr.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const SIZE = { width: 320, height: 180 };
const clip = { x: 0, y: 0, ...SIZE };

/** The map of where one is shows a thumbnail of the server's, where it has any. */
const beyondMap = (paths: readonly string[]) => paths.filter((path) => !/\/storyboard[^/]*$/.test(path));

/** The region on screen is decoded for itself: nothing is scaled any more. */
const sharpened = (page: Page) =>
  until(page, () => {
    const root = window.player.shadowRoot!;
    const canvas = root.querySelector<HTMLCanvasElement>("canvas.decoded")!;
    const { region } = window.player;
    return region !== "full" && ["", "none"].includes(canvas.style.transform) && canvas.width === 320;
  });

test("in direct mode zooming by hand sharpens the picture, at rest and while it plays, with no request for it", {
  timeout: PATIENCE,
}, async (t) => {
  const ends: (() => unknown)[] = [];
  t.after(async () => {
    for (const end of ends) await end();
  });
  const stage = await Stage.open({ after: (end) => void ends.unshift(end as () => unknown) });
  // More detail than the screen shows of the whole.
  const fine = { width: 1280, height: 720, groups: [25, 25, 25, 25], widths: [4] };
  await writeFile(join(stage.folder, "fine.siedd"), syntheticAsset(fine));
  const markup =
    '<siedd-player src="./fine" mode="direct" muted nocontrols style="width: 320px; border-radius: 0; --siedd-radius: 0"></siedd-player>';
  const { page, faults, requests } = await stage.page(t, markup);
  await until(page, () => window.player.readyState >= 2);
  const frame = async (region: string, size: string) => {
    const url = new URL(`fine/${region}/%5E${size}/frame-0.png`, stage.server.url);
    return Buffer.from(await (await fetch(url)).arrayBuffer());
  };
  // What is asked for is the video's own groups, and those come first.
  await until(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) > 3.9);
  const before = requests.length;

  await page.mouse.move(240, 60);
  await page.keyboard.down("Control");
  for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await until(page, () => window.player.zoom > 2.5 && window.player.region !== "full");
  await sharpened(page);
  // The last turns of the wheel may still be on their way.
  let [region, truth, ours] = ["", Buffer.alloc(0), 0];
  for (const end = performance.now() + 30_000; ours < 30 && performance.now() < end; ) {
    const now = await page.evaluate(() => window.player.region);
    if (now !== region) [region, truth] = [now, await frame(now, "320,180")];
    ours = await psnr(await page.screenshot({ clip }), truth, SIZE);
  }
  const [x, y, width, height] = region.split(",").map(Number) as [number, number, number, number];
  assert.deepEqual(beyondMap(requests.slice(before)), []);

  const whole = sharp(await frame("full", "320,180"));
  const [left, top] = [Math.round(x / 4), Math.round(y / 4)];
  const scaled = await whole
    .extract({ left, top, width: Math.round(width / 4), height: Math.round(height / 4) })
    .resize(SIZE)
    .png()
    .toBuffer();
  const blurred = await psnr(scaled, truth, SIZE);
  t.diagnostic(
    `${region}: ${ours.toFixed(1)} dB from the server's picture, the whole scaled up ${blurred.toFixed(1)} dB`,
  );
  assert.ok(ours > 30 && ours > blurred + 4, `${ours} dB, the whole scaled up ${blurred} dB`);

  await page.evaluate(() => window.player.play());
  await reach(page, 0.3);
  const playing = requests.length;
  await page.evaluate(() => {
    window.player.region = "full";
  });
  await page.evaluate(() => {
    window.player.zoom = 4;
  });
  await sharpened(page);
  assert.equal(await page.evaluate(() => window.player.paused), false);
  assert.deepEqual(beyondMap(requests.slice(playing)), []);
  assert.deepEqual(faults, []);
});
