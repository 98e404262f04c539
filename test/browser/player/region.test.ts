import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import {
  disableAvc3,
  playerState,
  TEST_TIMEOUT_MS,
  useStage,
  VIDEO,
  waitFor,
  waitForTime,
} from "../../support/player-stage.js";
import { psnr } from "../../support/screenshot-psnr.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

/** Size of the player in CSS pixels. */
const SIZE = { width: 640, height: 360 };

const player = (id: string, attributes = "") =>
  `<siedd-player src="./${id}" style="width: 640px; border-radius: 0; --siedd-radius: 0" muted preload="auto" poster="" ${attributes}></siedd-player>`;

/** Returns whether the requested region is on screen, without scaling. */
const isRegionShown = () => {
  const video = window.player.shadowRoot!.querySelector("video")!;
  const heldFrame = window.player.shadowRoot!.querySelector<HTMLElement>(".held-frame")!;
  return window.player.region !== "full" && video.style.transform === "none" && heldFrame.hidden;
};
const waitForRegion = (page: Page) => waitFor(page, isRegionShown);

declare global {
  interface Window {
    /** How often the buffer had more than one range, and the maximum seconds that it lost at its end. */
    bufferFaults: { gaps: number; lost: number };
  }
}

/**
 * Watches the buffer for gaps and losses, except during appends: Chromium appends a segment in pieces, and the first piece
 * removes the previous segment. Two changes are not losses. Beyond `seconds`, the end of the last video frame, the buffer
 * ends with the longest track once everything is loaded, and with the shortest track before. Behind the playhead, segments
 * of another region are flushed.
 */
const watchBuffer = (page: Page, seconds: number) =>
  page.evaluate((last) => {
    const { player, sourceBuffers } = window;
    const faults = { gaps: 0, lost: 0 };
    window.bufferFaults = faults;
    let end = 0;
    const check = () => {
      if (sourceBuffers.some(({ updating }) => updating)) return;
      const { buffered, currentTime } = player;
      if (buffered.length > 1) faults.gaps++;
      const bufferedEnd = buffered.length === 0 ? 0 : Math.min(last, buffered.end(buffered.length - 1));
      const newEnd = Math.max(bufferedEnd, currentTime);
      // Buffer times are in microseconds, frame times in 1/30000 s.
      if (end - newEnd > 1e-4) faults.lost = Math.max(faults.lost, end - newEnd);
      end = Math.max(end, newEnd);
    };
    check();
    for (const type of ["timeupdate", "progress", "segment", "waiting"]) player.addEventListener(type, check);
    setInterval(check, 10);
  }, seconds);

describe("regions in Chromium", { concurrency: false, timeout: TEST_TIMEOUT_MS }, () => {
  const clip = { x: 0, y: 0, ...SIZE };
  const stage = useStage(undefined, async ({ folder }) => {
    // Each tile and group has its own color, so a few pixels reveal the position of a frame.
    const mosaic = syntheticAsset({ ...VIDEO, tone: 0, widths: [0], overlap: 0 });
    await writeFile(join(folder, "mosaic.siedd"), mosaic);
    // Has more detail than the full frame shows on screen.
    const fine = { width: 1280, height: 720, groups: [25, 25], widths: [4] };
    await writeFile(join(folder, "fine.siedd"), syntheticAsset(fine));
    // The frame times are not integer microseconds.
    const groups = VIDEO.groups.slice(1).map(() => 30);
    const ntsc = { ...VIDEO, groups, frameRate: { num: 30_000, den: 1001 } };
    await writeFile(join(folder, "ntsc.siedd"), syntheticAsset(ntsc));
  });

  test("a paused zoomed frame is the region that the server renders, and sharper than the scaled full frame", async (t) => {
    const { page, faults } = await stage.page(t, player("fine", 'nocontrols quality="360"'));
    await waitFor(page, () => window.player.readyState >= 2);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route("**/480,270,160,90/**", (route) => released.then(() => route.continue()));
    await page.evaluate(() => {
      window.player.region = "480,270,160,90";
    });
    // First the scaled full frame is shown. Then the region replaces it.
    await page.waitForTimeout(400);
    const scaledShot = await page.screenshot({ clip });
    release();
    await waitForRegion(page);
    const regionShot = await page.screenshot({ clip });
    const url = new URL("fine/480,270,160,90/%5E640,360/frame-0.png", stage.server.url);
    const reference = Buffer.from(await (await fetch(url)).arrayBuffer());
    const [scaled, region] = [
      await psnr(scaledShot, reference, SIZE),
      await psnr(regionShot, reference, SIZE),
    ];
    t.diagnostic(`PSNR: region ${region.toFixed(1)} dB, scaled full frame ${scaled.toFixed(1)} dB`);
    assert.ok(region > 27 && region > scaled + 4, `region ${region} dB, scaled full frame ${scaled} dB`);
    assert.deepEqual(faults, []);
  });

  test("during a change of region every frame is drawn in its place, and the buffer loses nothing", async (t) => {
    const { page, faults } = await stage.page(t, player("mosaic", "nocontrols"));
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await page.route("**/100,40,160,90/**", (route) => released.then(() => route.continue()));
    await page.evaluate(() => window.player.play());
    await waitForTime(page, 0.4);
    const screenshots: Buffer[] = [];
    await watchBuffer(page, VIDEO.groups.length);
    await page.evaluate(() => {
      window.player.region = "100,40,160,90";
    });
    // Takes screenshots before, during and after the change.
    for (
      let after = 0;
      after < 5 && screenshots.length < 200;
      after += (await page.evaluate(isRegionShown)) ? 1 : 0
    ) {
      screenshots.push(await page.screenshot({ clip }));
      release();
    }
    assert.equal(await page.evaluate(() => window.player.region), "100,40,160,90");
    assert.deepEqual(await page.evaluate(() => window.bufferFaults), { gaps: 0, lost: 0 });
    const candidates = await Promise.all(
      VIDEO.groups.map(async (_, second) => {
        const url = new URL(
          `mosaic/100,40,160,90/%5E640,360/frame-${1000 * second + 500}.png`,
          stage.server.url,
        );
        return (await fetch(url)).arrayBuffer().then((bytes) => Buffer.from(bytes).toString("base64"));
      }),
    );
    /** For each image, the colors at the centers of the tiles. */
    const samples = await page.evaluate(
      (frames) =>
        Promise.all(
          frames.map(async (base64) => {
            const bitmap = await createImageBitmap(
              await (await fetch(`data:image/png;base64,${base64}`)).blob(),
            );
            const canvas = new OffscreenCanvas(640, 360);
            const context = canvas.getContext("2d")!;
            context.drawImage(bitmap, 0, 0, 640, 360);
            const colors: number[] = [];
            for (let y = 30; y < 360; y += 60) {
              for (let x = 20; x < 640; x += 40)
                colors.push(...context.getImageData(x, y, 1, 1).data.slice(0, 3));
            }
            return colors;
          }),
        ),
      [...candidates, ...screenshots.map((screenshot) => screenshot.toString("base64"))],
    );
    const references = samples.slice(0, candidates.length);
    const distances = samples.slice(candidates.length).map((screenshot) =>
      Math.min(
        ...references.map((frame) => {
          const differences = frame.map((value, i) => Math.abs(value - screenshot[i]!)).sort((a, b) => a - b);
          // Ignores the few samples at edges between tiles.
          return differences[Math.floor(0.85 * differences.length)]!;
        }),
      ),
    );
    assert.ok(distances.length >= 6, `only ${distances.length} screenshots`);
    assert.ok(Math.max(...distances) < 30, `a frame is drawn in the wrong place: ${distances.join(" ")}`);
    assert.deepEqual(faults, []);
  });

  for (const transport of ["elastic", "levels"]) {
    test(`plays from the buffer while the server renders a region slowly (${transport})`, async (t) => {
      const { page, faults } = await stage.page(t, player("ntsc", "nocontrols"), {
        ...(transport === "levels" && { before: disableAvc3 }),
      });
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route("**/80,45,160,90/**", (route) =>
        released.then(() => route.continue()).catch(() => undefined),
      );
      // Fills the buffer first: a slow machine may play each segment as it arrives.
      await waitFor(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) >= 4);
      await page.evaluate(() => window.player.play());
      assert.equal((await playerState(page)).transport, transport);
      const position = await page.evaluate(() => window.player.currentTime);
      await watchBuffer(page, (7 * 30 * 1001) / 30_000);
      await page.evaluate(() => {
        window.player.region = "80,45,160,90";
      });
      await waitForTime(page, position + 1.5);
      release();
      await waitForRegion(page);
      assert.deepEqual(await page.evaluate(() => window.bufferFaults), { gaps: 0, lost: 0 });
      await waitFor(page, () => window.player.ended);
      assert.deepEqual(faults, []);
    });
  }

  test("region and zoom can be set before the video is loaded; an invalid region warns and changes nothing", async (t) => {
    const { page, requests } = await stage.page(t, player("video", 'region="pct:50,50,50,50"'));
    const warnings: string[] = [];
    page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
    await waitFor(page, () => window.player.readyState >= 2);
    assert.equal(await page.evaluate(() => window.player.region), "160,90,160,90");
    assert.ok(
      requests.some((path) => /\/video\/160,90,160,90\/(%5E|\^)?[\d,]+\/elastic-0/.test(path)),
      requests.join("\n"),
    );
    assert.ok(
      !requests.some((path) => /\/video\/full\/[^/]+\/elastic-0/.test(path)),
      "the full frame was requested too",
    );
    await page.evaluate(() => {
      window.player.region = "nowhere";
    });
    assert.equal(await page.evaluate(() => window.player.region), "160,90,160,90");
    assert.match(warnings.join(), /region="nowhere".*must be full, x,y,w,h or pct/);
    await page.evaluate(() => {
      window.player.zoom = 4;
    });
    assert.equal(await page.evaluate(() => window.player.region), "200,113,80,45");
  });
});
