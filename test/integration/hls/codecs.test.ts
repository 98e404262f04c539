import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { encodeSegment, h264PeakRate } from "../../../media/segments/segment-encoder.js";
import { codecLevel, codecString, SAMPLE_ENTRIES } from "../../../media/segments/video-codec.js";
import { launchBrowser } from "../../support/browser.js";
import { testServer } from "../../support/running-server.js";
import { createRandom, syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const run = promisify(execFile);
const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
const HLS = join(import.meta.dirname, "../../../../node_modules/hls.js/dist/hls.min.js");
const NTSC = { num: 30000, den: 1001 };
const VIDEO = { width: 160, height: 90, widths: [4], frameRate: NTSC, groups: [10, 12, 7], tone: 1 };
const NEWER_CODECS = ["hevc", "av1"] as const;

/** Returns the first bytes of a configuration box after its header, in hexadecimal. */
const boxBytes = (init: Buffer, type: string, count: number) =>
  init.subarray(init.indexOf(type) + 4).toString("hex", 0, count);

for (const codec of NEWER_CODECS) {
  test(`${codec} segments rendered in any order play as one stream with one init segment`, async (t) => {
    const server = await testServer(t, { video: VIDEO });
    const folder = `video/full/160,90/`;
    const playlist = await server.get(`${folder}index.m3u8?codec=${codec}`);
    const uris = playlist.text.split("\n").filter((line) => line.startsWith("seg-"));
    assert.match(`${uris[0]}`, new RegExp(`^seg-0\\.m4s\\?codec=${codec}&v=[\\w-]+$`));
    const shuffled = [2, 0, 3, 1].filter((k) => k < uris.length);
    assert.equal(shuffled.length, uris.length);
    const parts: Buffer[] = [];
    for (const k of shuffled) {
      const response = await server.get(folder + uris[k]);
      assert.equal(response.status, 200, response.text);
      assert.match(`${response.headers.get("cache-control")}`, /immutable/);
      parts[k] = response.body;
    }
    const [, initUri] = /MAP:URI="([^"]+)"/.exec(playlist.text)!;
    const init = (await server.get(folder + initUri)).body;

    const file = join(server.root, "stream.mp4");
    await writeFile(file, Buffer.concat([init, ...parts]));
    const probe = async (entries: string) =>
      JSON.parse((await run("ffprobe", ["-v", "error", ...entries.split(" "), "-of", "json", file])).stdout);
    const { streams } = await probe(
      "-count_frames -show_entries stream=codec_name,codec_tag_string,nb_read_frames",
    );
    assert.deepEqual(streams, [
      { codec_name: codec, codec_tag_string: SAMPLE_ENTRIES[codec], nb_read_frames: "29" },
    ]);
    const { packets } = (await probe("-show_entries packet=pts,dts,flags")) as {
      packets: { pts: number; dts: number; flags: string }[];
    };
    const times = Array.from({ length: 29 }, (_, frame) => frame * NTSC.den);
    assert.deepEqual(
      packets.map(({ pts }) => pts),
      times,
    );
    assert.deepEqual(
      packets.map(({ dts }) => dts),
      times,
    );
    const keys = packets.flatMap(({ flags }, frame) => (flags.startsWith("K") ? [frame] : []));
    const lengths = [...playlist.text.matchAll(/#EXTINF:([\d.]+)/g)].map(([, s]) =>
      Math.round((Number(s) * 30000) / 1001),
    );
    assert.deepEqual(
      keys,
      lengths.map((_, k) => lengths.slice(0, k).reduce((a, b) => a + b, 0)),
    );
    const { stderr } = await run("ffmpeg", ["-v", "warning", "-i", file, "-f", "null", "-"]);
    assert.equal(stderr, "");
    // A single segment decodes too.
    await writeFile(file, Buffer.concat([init, parts.at(-1)!]));
    const alone = await probe("-count_frames -show_entries stream=nb_read_frames");
    assert.equal(alone.streams[0].nb_read_frames, "14");

    const format = { width: 160, height: 90, frameRate: NTSC };
    if (codec === "hevc") {
      // Main profile with its compatibility flags, progressive, level 2.0: the values in CODECS.
      assert.equal(boxBytes(init, "hvcC", 13), "0101600000009000000000003c");
      assert.equal(codecString(format, "hvc1"), "hvc1.1.6.L60.90");
    } else {
      assert.equal(boxBytes(init, "av1C", 2), "8100");
      assert.equal(codecString(format, "av01"), "av01.0.00M.08");
    }
    const master = (await server.get(`video/master.m3u8?codec=${codec}`)).text;
    assert.ok(master.includes(`CODECS="${codecString(format, SAMPLE_ENTRIES[codec])},mp4a.40.2"`), master);
    assert.ok(master.includes(`full/160,90/index.m3u8?codec=${codec}\n`), master);
  });
}

test("each codec of a segment has its own ETag and canonical URL", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const path = "video/full/160,90/init.mp4";
  const responses = await Promise.all(
    ["", "?codec=h264", "?codec=av1", "?codec=hevc"].map((q) => server.get(path + q)),
  );
  const etags = responses.map(({ headers }) => headers.get("etag"));
  assert.equal(etags[0], etags[1]);
  assert.equal(new Set(etags).size, 3);
  assert.deepEqual(
    responses.map(({ headers }) => headers.get("link")),
    ["", "", "?codec=av1", "?codec=hevc"].map((q) => `</${path}${q}>; rel="canonical"`),
  );
  const unknown = await server.get(`${path}?codec=vp9`);
  assert.deepEqual([unknown.status, unknown.code], [400, "bad-codec"]);
  const small = await server.get("video/full/64,36/init.mp4?codec=av1");
  assert.deepEqual([small.status, small.code], [400, "size-too-small"]);
  const ladder = (await server.get("video/master.m3u8?codec=av1")).text;
  assert.deepEqual(
    [...ladder.matchAll(/^full\/\d+,(\d+)\/index/gm)].filter(([, height]) => Number(height) < 64),
    [],
  );
});

test("equal frames are encoded to equal bytes, and noise stays below the bitrate that playlists state", async () => {
  for (const codec of NEWER_CODECS) {
    for (const [width, height] of [
      [64, 64],
      [320, 180],
      [640, 360],
    ]) {
      const frameCount = 12;
      const frames = Array.from({ length: frameCount }, (_, f) => {
        const next = createRandom(f + 1);
        return Uint8Array.from({ length: (width * height * 3) / 2 }, () => 127.5 * (1 + next()));
      });
      const format = { width, height, frameRate: NTSC };
      const rest = { sampleEntry: SAMPLE_ENTRIES[codec], frameCount, firstFrame: 0, sequence: 1, frames };
      const { media } = await encodeSegment({ ...format, ...rest });
      const bitrate = (media.byteLength * 8 * NTSC.num) / (NTSC.den * frameCount);
      const maxBitrate = h264PeakRate(format, frameCount);
      assert.ok(
        bitrate <= maxBitrate,
        `${codec} ${width}x${height}: ${bitrate} of ${maxBitrate} bits per second`,
      );
      if (width === 64) assert.deepEqual((await encodeSegment({ ...format, ...rest })).media, media);
    }
  }
});

test("levels follow the tables of HEVC and AV1", () => {
  const at = (codec: "hevc" | "av1", width: number, height: number, num = 25) =>
    codecLevel({ width, height, frameRate: { num, den: 1 } }, codec);
  assert.deepEqual([at("hevc", 640, 360), at("hevc", 1280, 720), at("hevc", 1920, 1080, 60)], [21, 31, 41]);
  assert.deepEqual([at("av1", 640, 360), at("av1", 1280, 720), at("av1", 1920, 1080, 60)], [21, 31, 41]);
  assert.deepEqual(
    [at("hevc", 8192, 8192), at("av1", 8192, 8192), at("av1", 640, 62)],
    [undefined, undefined, undefined],
  );
});

test("a codec that ffmpeg lacks gets 400, and H.264 is still served", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "video.siedd"), syntheticAsset(VIDEO));
  // A real ffmpeg whose list of encoders is filtered, as in builds without SVT-AV1.
  const hideSvtAv1 = 'case "$*" in *-encoders*) ffmpeg "$@" | grep -v libsvtav1;; *) exec ffmpeg "$@";; esac';
  await writeFile(join(folder, "ffmpeg"), `#!/bin/sh\nPATH="$REAL_PATH"\n${hideSvtAv1}\n`);
  await chmod(join(folder, "ffmpeg"), 0o755);
  const { FFMPEG_PATH: _omitted, PATH = "", ...environment } = process.env;
  const child = spawn(process.execPath, [COMMAND, "serve", folder, "--port", "0"], {
    env: { ...environment, REAL_PATH: PATH, PATH: `${folder}${delimiter}${PATH}` },
  });
  t.after(() => child.kill("SIGKILL"));
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  const [url] = /http:\S+/.exec(output.toString())!;
  for (const path of ["video/master.m3u8?codec=av1", "video/full/160,90/seg-0.m4s?codec=av1"]) {
    const response = await fetch(url + path);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.deepEqual([response.status, error.code], [400, "codec-unavailable"]);
    assert.match(error.message, /the server's ffmpeg has no libsvtav1; omit codec to get H\.264/);
  }
  assert.equal((await fetch(`${url}video/full/160,90/init.mp4?codec=hevc`)).status, 200);
  assert.equal((await fetch(`${url}video/full/160,90/seg-0.m4s`)).status, 200);
});

test("hls.js plays the master playlist of AV1 in Chromium to its end", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const script = await readFile(HLS, "utf8");
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(`${server.url}video/info.json`);
  await page.addScriptTag({ content: script });
  const seen = await page.evaluate(`new Promise((resolve) => {
    const faults = [];
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    const hls = new Hls({ testBandwidth: false });
    // A busy machine may encode slower than real time, which is not an error of the stream.
    const { BUFFER_STALLED_ERROR } = Hls.ErrorDetails;
    // On a busy machine hls.js would stay at a smaller level.
    hls.on(Hls.Events.MANIFEST_PARSED, () => {
      hls.loadLevel = hls.levels.findIndex(({ width }) => width === 160);
    });
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => {
      if (fatal || details !== BUFFER_STALLED_ERROR) faults.push(details);
    });
    const finish = () => resolve({ faults, codec: hls.levels[0]?.videoCodec, width: video.videoWidth,
      ranges: video.buffered.length, ended: video.ended, frames: video.getVideoPlaybackQuality().totalVideoFrames });
    video.onended = finish;
    setTimeout(finish, 120000);
    hls.loadSource("/video/master.m3u8?codec=av1");
    hls.attachMedia(video);
    video.play();
  })`);
  const { frames, ...rest } = seen as { frames: number };
  assert.deepEqual(rest, { faults: [], codec: "av01.0.00M.08", width: 160, ranges: 1, ended: true });
  assert.ok(frames > 20, `${frames} frames`);
});
