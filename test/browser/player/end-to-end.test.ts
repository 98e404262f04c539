import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import type { SieddPlayerElement } from "../../../player/index.js";
import { launchBrowser, watchFaults } from "../../support/browser.js";
import { clip } from "../../support/clips.js";
import { tempFolder } from "../../support/temp-folder.js";

const run = promisify(execFile);
const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
const siedd = (...args: string[]) => run(process.execPath, [COMMAND, ...args], { maxBuffer: 2 ** 26 });

/** Takes two seconds of a real video, at a small size, from the CLI to the browser. */
describe("end to end", { concurrency: false, timeout: 600_000 }, () => {
  const teardown: (() => unknown)[] = [];
  let folder: string;
  let asset: string;
  let url: string;

  before(async () => {
    folder = await tempFolder({ after: (end) => void teardown.unshift(end as () => unknown) });
    asset = join(folder, "bunny.siedd");
    const small = ["--size", "320x180", "--to", "2", "--steps", "150", "--phase1-steps", "100"];
    await siedd("encode", await clip("bunny"), "-o", asset, ...small);
    const server = spawn(process.execPath, [COMMAND, "serve", folder, "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    teardown.unshift(async () => {
      server.kill("SIGTERM");
      await once(server, "exit");
    });
    const [line] = await once(server.stdout, "data");
    url = /http:\/\/\S+/.exec(String(line))?.[0] ?? "";
  });
  after(async () => {
    for (const end of teardown) await end();
  });

  test("ffprobe reports duration, size and audio, and ffmpeg extracts the audio", async () => {
    const entries = [
      "-show_entries",
      "format=duration:stream=codec_type,width,height,nb_frames",
      "-of",
      "json",
    ];
    const { stdout } = await run("ffprobe", ["-v", "error", ...entries, asset]);
    const { streams, format } = JSON.parse(stdout);
    assert.ok(Math.abs(Number(format.duration) - 2) < 0.03, format.duration);
    assert.deepEqual([streams[0].codec_type, streams[0].width, streams[0].height], ["video", 320, 180]);
    assert.equal(streams[0].nb_frames, "2", "ffprobe counts each group as one frame");
    assert.equal(streams[1].codec_type, "audio");
    const audio = join(folder, "audio.m4a");
    await run("ffmpeg", ["-v", "error", "-i", asset, "-map", "0:a", "-c", "copy", audio]);
    const probed = await run("ffprobe", [
      "-v",
      "error",
      "-show_entries",
      "stream=codec_name,duration",
      "-of",
      "json",
      audio,
    ]);
    const [stream] = JSON.parse(probed.stdout).streams;
    assert.equal(stream.codec_name, "aac");
    assert.ok(Math.abs(Number(stream.duration) - 2) < 0.05, stream.duration);
  });

  test("the decoded video resembles the source", async () => {
    const { stdout } = await siedd("eval", asset, await clip("bunny"), "--json");
    const { frames, psnr, ssim, decodeFps } = JSON.parse(stdout);
    assert.equal(frames, 50);
    assert.ok(psnr > 23, `${psnr} dB`);
    assert.ok(ssim > 0.5, `SSIM ${ssim}`);
    assert.ok(decodeFps > 0);
  });

  test("segments fetched in any order form one stream, in which ffprobe reads exact timestamps", async () => {
    const base = `${url}bunny/full/200,/`;
    const playlist = await (await fetch(`${base}index.m3u8`)).text();
    const files = playlist.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const init = /EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1] ?? "";
    const segments = new Map<string, Buffer>();
    for (const name of [...files].reverse()) {
      segments.set(name, Buffer.from(await (await fetch(new URL(name, base))).arrayBuffer()));
    }
    const initSegment = Buffer.from(await (await fetch(new URL(init, base))).arrayBuffer());
    const stream = join(folder, "stream.mp4");
    await writeFile(stream, Buffer.concat([initSegment, ...files.map((name) => segments.get(name)!)]));
    const entries = ["-select_streams", "v", "-show_entries", "frame=pts_time,width,height", "-of", "json"];
    const { stdout } = await run("ffprobe", ["-v", "error", ...entries, stream]);
    const frames: { pts_time: string; width: number; height: number }[] = JSON.parse(stdout).frames;
    assert.equal(frames.length, 50);
    frames.forEach((frame, i) => {
      assert.ok(Math.abs(Number(frame.pts_time) - i / 25) < 1e-6, `frame ${i} at ${frame.pts_time}`);
      assert.deepEqual([frame.width, frame.height], [200, 114]);
    });
    assert.ok((await readFile(stream)).length > 0);
  });

  test("the page plays with audio at the size of the window, and follows a resize", async (t) => {
    const browser = await launchBrowser();
    t.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 700, height: 620 } });
    const faults = watchFaults(page);
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url().slice(url.length)));
    await page.goto(`${url}player/video/bunny`);
    await page.evaluate(() => {
      window.player = document.querySelector("siedd-player") as SieddPlayerElement;
      window.player.loop = true;
    });
    const waitForExactSize = () =>
      page
        .waitForFunction(() => {
          const { player } = window;
          return player.currentTime > 0 && Math.abs(player.videoWidth - player.clientWidth) <= 2;
        })
        .catch(async (cause) => {
          const { requestedSize, box, width, time } = await page.evaluate(() => ({
            requestedSize: window.player.requestedSize,
            box: window.player.clientWidth,
            width: window.player.videoWidth,
            time: window.player.currentTime,
          }));
          const state = JSON.stringify({ requestedSize, box, width, time, requests: requests.slice(-20) });
          throw new Error(`not at the exact size: ${state}`, { cause });
        });
    const readState = () =>
      page.evaluate(() => {
        const { player } = window;
        const video = player.shadowRoot?.querySelector("video") as HTMLVideoElement & {
          webkitAudioDecodedByteCount: number;
        };
        const audioBytes = video.webkitAudioDecodedByteCount;
        return {
          width: player.videoWidth,
          paused: player.paused,
          muted: player.muted,
          ranges: player.buffered.length,
          audioBytes,
        };
      });
    await waitForExactSize();
    const narrow = await readState();
    assert.ok(!narrow.paused && !narrow.muted && narrow.audioBytes > 0, JSON.stringify(narrow));
    // In the last segment: only the next loop can show the new size.
    await page.waitForFunction(() => window.player.currentTime > 1.2);
    await page.setViewportSize({ width: 1100, height: 860 });
    await page.waitForFunction((min) => window.player.videoWidth > min, narrow.width + 100);
    await waitForExactSize();
    // During the loop, the back buffer of the end may be a second range.
    await page.waitForFunction(() => window.player.buffered.length === 1);
    const wide = await readState();
    assert.ok(!wide.paused, JSON.stringify(wide));
    assert.deepEqual(faults, []);
  });
});
