/// <reference lib="dom" />
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TileNetwork } from "../codec/internal.js";
import type { SieddPlayerElement } from "../player/index.js";
import { serve } from "../server/index.js";
import { launchBrowser } from "./browser.js";
import { randomAsset } from "./decoding/random-asset.js";
import { machine, rounded } from "./machine.js";

// Direct mode in headless Chromium with software rendering: videos of 640 x 360 and 1280 x 720 at 25 fps, decoded at their
// own size. Real time means no dropped frame and no reduced resolution.

/** Measured seconds, after one second of warm-up. */
const SECONDS = Number(process.env.SIEDD_BENCH_SECONDS ?? 10);
const WIDTH = 16;
const SIZES = [
  { width: 640, height: 360, rows: 9, columns: 16 },
  { width: 1280, height: 720, rows: 11, columns: 20 },
];

const network = (rows: number, columns: number): TileNetwork => ({
  profile: "tile",
  rows,
  columns,
  overlap: 1,
  frequencies: 4,
  omega: 20,
  encoderWidth: 0,
  hiddenLayers: 3,
});

declare global {
  interface Window {
    player: SieddPlayerElement;
  }
}

const before = machine();
const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
const server = await serve({ root: folder, port: 0, closeSeconds: 0 });
const browser = await launchBrowser();
try {
  const rows: object[] = [];
  for (const { width, height, rows: tileRows, columns } of SIZES) {
    const id = `video-${height}`;
    const video = randomAsset({
      network: network(tileRows, columns),
      frame: { width, height },
      tileWidth: WIDTH,
      groups: SECONDS + 4,
      frameCount: 25,
    });
    await writeFile(join(folder, `${id}.siedd`), video);
    const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
    const html = `<!doctype html><siedd-player src="/${id}" mode="direct" muted style="width: ${width}px"></siedd-player>`;
    await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(`${server.url}stage`);
    await page.addScriptTag({ type: "module", url: `${server.url}player/siedd-player.js` });
    const result = await page.evaluate(async (seconds) => {
      const player = document.querySelector("siedd-player") as SieddPlayerElement;
      const started = performance.now();
      await player.play();
      while (player.videoWidth === 0) await new Promise(requestAnimationFrame);
      const firstFrame = performance.now() - started;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const count = () => {
        const { totalVideoFrames: total, droppedVideoFrames: dropped } = player.getVideoPlaybackQuality();
        return { total, dropped, at: performance.now(), time: player.currentTime, width: player.videoWidth };
      };
      const from = count();
      const widths: number[] = [];
      while (performance.now() - from.at < 1000 * seconds) {
        widths.push(player.videoWidth);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return { from, to: count(), firstFrame, widths };
    }, SECONDS);
    const { from, to } = result;
    const frames = to.total - from.total;
    rows.push({
      size: `${width}x${height}`,
      firstFrameMs: rounded(result.firstFrame, 0),
      frames,
      dropped: to.dropped - from.dropped,
      droppedFraction: rounded((to.dropped - from.dropped) / Math.max(1, frames), 3),
      /** Speed of the audio clock; 1 is real time. */
      speed: rounded((to.time - from.time) / ((to.at - from.at) / 1000), 3),
      /** Mean decoded width relative to the full width. */
      scale: rounded(result.widths.reduce((sum, w) => sum + w, 0) / result.widths.length / width),
    });
    await page.close();
  }
  process.stdout.write(
    `${JSON.stringify({ bench: "direct", machine: before, rows, loadAfter: machine().load })}\n`,
  );
} finally {
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
