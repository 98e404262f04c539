import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../../support/browser.js";
import { type LibraryName, openLibraryPage, runWithVideo } from "../../support/library-page.js";
import { type TestServer, testServer } from "../../support/running-server.js";

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

/** A library that plays HLS or DASH. */
interface PlayerLibrary {
  readonly name: LibraryName;
  /** The playlist or manifest. */
  readonly file: "master.m3u8" | "manifest.mpd";
  /** Script that plays `url` in `video` with the first subtitles showing, and logs errors to the console. */
  readonly attach: string;
}

const SHAKA = `
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  player.addEventListener("error", ({ detail }) => console.error(detail.code, JSON.stringify(detail.data)));
  await player.attach(video);
  await player.load(url);
  window.images = player.getImageTracks().map(({ width, height }) => [width, height]);
  window.thumbnail = await player.getThumbnails(player.getImageTracks()[0].id, 3.5);
  player.selectTextTrack(player.getTextTracks()[0]);
  window.cuesNow = () => [...video.textTracks].flatMap((track) => [...(track.cues ?? [])]);`;

const LIBRARIES: readonly PlayerLibrary[] = [
  {
    name: "hls.js",
    file: "master.m3u8",
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
  { name: "Shaka Player", file: "master.m3u8", attach: SHAKA },
  { name: "Shaka Player", file: "manifest.mpd", attach: SHAKA },
  {
    name: "dash.js",
    file: "manifest.mpd",
    attach: `
      const player = dashjs.MediaPlayer().create();
      player.on("error", ({ error }) => console.error(error.code, error.message));
      player.initialize(video, url, false);
      player.on("allTextTracksAdded", () => player.setTextTrack(0));
      window.cuesNow = () => [...video.textTracks].flatMap((track) => [...(track.cues ?? [])]);`,
  },
  {
    name: "video.js",
    file: "master.m3u8",
    attach: `
      const player = videojs(video, { html5: { vhs: { overrideNative: true } } });
      player.on("error", () => console.error(player.error().message));
      player.src({ src: url, type: "application/vnd.apple.mpegurl" });
      const subtitles = () => Array.from(player.textTracks()).filter(({ kind }) => kind === "subtitles");
      player.on("loadeddata", () => { for (const track of subtitles()) track.mode = "showing"; });
      window.cuesNow = () => subtitles().flatMap((track) => Array.from(track.cues ?? []));`,
  },
];

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

for (const { name, file, attach } of LIBRARIES) {
  test(`${name} plays ${file} to its end, seeks and shows subtitles, without warnings`, async (t) => {
    served ??= testServer({ after: (end) => void teardown.push(end as () => unknown) }, { video: VIDEO });
    const server = await served;
    await warmCache(server);
    browser ??= launchBrowser();
    const [page, messages] = await openLibraryPage(t, await browser, {
      origin: server.url,
      style: "width: 640px; height: 360px",
      library: name,
    });
    await runWithVideo(page, `const url = "${server.url}video/${file}"; ${attach}`);
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
    await page.waitForFunction(() => {
      const video = document.querySelector("video")!;
      // In one of five runs on a busy machine, dash.js pauses half a second before the end, with all segments buffered.
      if (video.paused && !video.ended) void video.play();
      return video.ended;
    });
    const { duration, width, ranges, error } = await page.evaluate(() => {
      const video = document.querySelector("video")!;
      const { length: ranges } = video.buffered;
      return { duration: video.duration, width: video.videoWidth, ranges, error: video.error?.message };
    });
    assert.ok(Math.abs(duration - 6) < 0.05, `${duration} s`);
    assert.ok(width > 0);
    assert.equal(error, undefined);
    assert.equal(ranges, 1);
    if (name === "Shaka Player") {
      const [images, thumbnail] = (await page.evaluate("[images, thumbnail]")) as [
        unknown,
        Record<string, number>,
      ];
      // Shaka Player reports the size of a sheet in HLS, and of a thumbnail in DASH.
      assert.deepEqual(images, [file === "manifest.mpd" ? [160, 90] : [800, 180]]);
      const { positionX, positionY, width, height, startTime } = thumbnail;
      assert.deepEqual([positionX, positionY, width, height, startTime], [480, 0, 160, 90, 3]);
    }
    assert.deepEqual(messages, []);
  });
}
