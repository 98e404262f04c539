import assert from "node:assert/strict";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../support/browser.js";
import { type TestServer, testServer } from "../../support/running-server.js";

const MODULES = join(import.meta.dirname, "../../../../node_modules");
const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });

/** Six seconds with audio in two languages and subtitles. */
const VIDEO = {
  width: 160,
  height: 90,
  widths: [4],
  tone: 6,
  languages: ["eng", "ger"],
  groups: Array.from({ length: 6 }, () => 25),
  text: [{ language: "eng", cues: [cue(500, 1500, "Hello"), cue(4500, 5500, "Soon over")] }],
};

/** A library that plays HLS. */
interface PlayerLibrary {
  readonly name: string;
  /** Path in node_modules. */
  readonly script: string;
  /** Script that plays `url` in `video` with the first subtitles showing, and logs errors to the console. */
  readonly attach: string;
}

const LIBRARIES: readonly PlayerLibrary[] = [
  {
    name: "hls.js",
    script: "hls.js/dist/hls.min.js",
    attach: `
      const noop = () => {};
      const { warn, error } = console;
      const debug = { trace: noop, debug: noop, log: noop, info: noop, warn, error };
      const hls = new Hls({ debug });
      hls.on(Hls.Events.ERROR, (_, data) => {
        if (data.details !== Hls.ErrorDetails.INTERNAL_ABORTED) console.error(data.details, String(data.error));
      });
      hls.on(Hls.Events.FRAG_BUFFERED, () => { hls.subtitleDisplay = true; hls.subtitleTrack = 0; });
      hls.loadSource(url);
      hls.attachMedia(video);
      window.cuesNow = () => [...video.textTracks].flatMap((track) => [...(track.cues ?? [])]);`,
  },
  {
    name: "shaka-player",
    script: "shaka-player/dist/shaka-player.compiled.js",
    attach: `
      shaka.polyfill.installAll();
      const player = new shaka.Player();
      player.addEventListener("error", ({ detail }) => console.error(detail.code, JSON.stringify(detail.data)));
      await player.attach(video);
      await player.load(url);
      window.images = player.getImageTracks().map(({ width, height }) => [width, height]);
      window.thumbnail = await player.getThumbnails(player.getImageTracks()[0].id, 3.5);
      player.selectTextTrack(player.getTextTracks()[0]);
      window.cuesNow = () => [...video.textTracks].flatMap((track) => [...(track.cues ?? [])]);`,
  },
  {
    name: "video.js",
    script: "video.js/dist/video.min.js",
    attach: `
      const player = videojs(video, { html5: { vhs: { overrideNative: true } } });
      player.on("error", () => console.error(player.error().message));
      player.src({ src: url, type: "application/vnd.apple.mpegurl" });
      const subtitles = () => Array.from(player.textTracks()).filter(({ kind }) => kind === "subtitles");
      player.on("loadeddata", () => { for (const track of subtitles()) track.mode = "showing"; });
      window.cuesNow = () => subtitles().flatMap((track) => Array.from(track.cues ?? []));`,
  },
];

/** Opens a page with one library and a video element. Returns it with the warnings and errors of its console. */
async function stage(t: TestContext, server: TestServer, script: string): Promise<[Page, string[]]> {
  browser ??= launchBrowser();
  const page = await (await browser).newPage({ viewport: { width: 640, height: 400 } });
  t.after(() => page.close());
  const messages: string[] = [];
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("console", (message) => {
    // Stalls are caused by a busy machine, not by the stream.
    if (/Playback stalling|^bufferStalledError/.test(message.text())) return;
    if (message.type() === "error" || message.type() === "warning") messages.push(message.text());
  });
  const body =
    '<!doctype html><link rel="icon" href="data:,"><video width="640" height="360" playsinline></video>';
  await page.route("**/stage", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto(`${server.url}stage`);
  await page.addScriptTag({ path: join(MODULES, script) });
  return [page, messages];
}

/** Fills the server's cache with all segments, so that players do not stall on a busy machine. */
async function warmCache(server: TestServer): Promise<void> {
  const master = await server.get("video/master.m3u8");
  for (const playlist of master.text.split("\n").filter((line) => line.endsWith("index.m3u8"))) {
    const folder = `video/${playlist.slice(0, -"index.m3u8".length)}`;
    await server.get(`${folder}init.mp4`);
    for (let k = 0; (await server.get(`${folder}seg-${k}.m4s`)).status === 200; k++);
  }
}

const teardown: (() => unknown)[] = [];
let served: Promise<TestServer> | undefined;
let browser: Promise<Browser> | undefined;
after(async () => {
  await (await browser)?.close();
  for (const end of teardown.reverse()) await end();
});

for (const { name, script, attach } of LIBRARIES) {
  test(`${name} plays the master playlist to its end, seeks and shows subtitles, without warnings`, async (t) => {
    served ??= testServer({ after: (end) => void teardown.push(end as () => unknown) }, { video: VIDEO });
    const server = await served;
    await warmCache(server);
    const [page, messages] = await stage(t, server, script);
    const url = `${server.url}video/master.m3u8`;
    const start = new Function(
      "url",
      `const video = document.querySelector("video"); return (async () => {${attach}})();`,
    );
    await page.evaluate(`(${start})(${JSON.stringify(url)})`);
    await page.waitForFunction(() => document.querySelector("video")!.readyState >= 3);
    await page.evaluate(() => document.querySelector("video")!.play());
    const reached = (seconds: number) =>
      page.waitForFunction((at) => document.querySelector("video")!.currentTime > at, seconds);
    const seek = (seconds: number) =>
      page.evaluate((at) => {
        document.querySelector("video")!.currentTime = at;
      }, seconds);
    await reached(0.5);
    await seek(4.6);
    await reached(5);
    await seek(1);
    await reached(1.5);
    const cue = 'cuesNow().find(({ text }) => text === "Soon over")';
    await page.waitForFunction(`${cue} !== undefined`);
    assert.deepEqual(await page.evaluate(`[${cue}.startTime, ${cue}.endTime]`), [4.5, 5.5]);
    await page.waitForFunction(() => document.querySelector("video")!.ended);
    const { duration, width, ranges, error } = await page.evaluate(() => {
      const video = document.querySelector("video")!;
      const { length: ranges } = video.buffered;
      return { duration: video.duration, width: video.videoWidth, ranges, error: video.error?.message };
    });
    assert.ok(Math.abs(duration - 6) < 0.05, `${duration} s`);
    assert.ok(width > 0);
    assert.equal(error, undefined);
    assert.equal(ranges, 1);
    if (name === "shaka-player") {
      const [images, thumbnail] = (await page.evaluate("[images, thumbnail]")) as [
        unknown,
        Record<string, number>,
      ];
      assert.deepEqual(images, [[800, 180]]);
      const { positionX, positionY, width, height, startTime } = thumbnail;
      assert.deepEqual([positionX, positionY, width, height, startTime], [480, 0, 160, 90, 3]);
    }
    assert.deepEqual(messages, []);
  });
}
