/// <reference lib="dom" />
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchBrowser } from "./browser.js";
import { machine } from "./machine.js";
import { startServer } from "./serving/server-process.js";
import { writeGrayVideo } from "./switching/gray-video.js";
import { watchSwitch } from "./switching/watch-switch.js";

// One browser and nine scripted HLS clients play, seek and resize while a source is encoded in the background and its asset
// replaces it. Every segment of the clients is decoded, and each frame of the browser compared with its time.
// SIEDD_SECONDS sets the duration of the video, SIEDD_ENCODE the mode (eager or idle).

const seconds = Number(process.env.SIEDD_SECONDS ?? 30);
const encode = process.env.SIEDD_ENCODE === "idle" ? "idle" : "eager";
const CLIENTS = 9;
const HTML = `<!doctype html><link rel="icon" href="data:,">
<siedd-player src="video" muted loop preload="auto" style="width: 240px"></siedd-player>`;

const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
const server = await startServer({ root, port: 0, encode, encodeOptions: { preset: "draft" } });
const browser = await launchBrowser();
try {
  await writeGrayVideo(join(root, ".video.mp4"), seconds);
  await rename(join(root, ".video.mp4"), join(root, "video.mp4"));
  const page = await browser.newPage();
  await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body: HTML }));
  await page.goto(`${server.url}stage`);
  await page.addScriptTag({ type: "module", url: `${server.url}player/siedd-player.js` });
  await page.waitForFunction(() => {
    const player = document.querySelector("siedd-player");
    if (player) window.player = player as typeof window.player;
    return window.player?.readyState >= 2;
  });
  const before = machine();
  const { faults, ...report } = await watchSwitch({
    ...{ page, video: `${server.url}video/`, seconds, clients: CLIENTS },
    ...{ interval: 1500, before: 0, after: seconds, minSegments: 100 },
    // Training goes on by itself.
    replace: async () => {},
  });
  const result = { seconds, encode, ...report, faults: faults.length, firstFaults: faults.slice(0, 10) };
  process.stdout.write(`${JSON.stringify({ bench: "switch", machine: before, ...result })}\n`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  await browser.close();
  await server.close();
  await rm(root, { recursive: true, force: true });
}
