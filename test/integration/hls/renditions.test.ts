import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fragmentTiming } from "../../support/fragment-timing.js";
import { ffmpeg, streamsOf } from "../../support/odd-videos.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const NTSC = { num: 30000, den: 1001 };
const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });
const VIDEO = {
  width: 160,
  height: 90,
  widths: [4],
  tone: 9,
  languages: ["eng", "ger"],
  groups: Array.from({ length: 9 }, () => 25),
  text: [
    { language: "eng", cues: [cue(500, 1500, "Hello"), cue(5500, 6500, "Across"), cue(8000, 8500, "Bye")] },
    { language: "ger", cues: [cue(500, 1500, "Hallo")] },
  ],
};

const tags = (playlist: string, name: string) =>
  playlist.split("\n").filter((line) => line.startsWith(`#EXT-X-${name}:`));

/** Fetches a playlist and all of its segments, in order. */
async function segmentsOf(server: TestServer, playlist: string) {
  const { status, text } = await server.get(playlist);
  assert.equal(status, 200);
  const uris = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const init = /MAP:URI="([^"]+)"/.exec(text)?.[1];
  const base = new URL(playlist, server.url);
  const all = [...(init === undefined ? [] : [init]), ...uris].map((uri) => new URL(uri, base).href);
  const durations = [...text.matchAll(/#EXTINF:([\d.]+),/g)].map((match) => Number(match[1]));
  return { text, durations, responses: await Promise.all(all.map((url) => server.get(url))) };
}

test("audio and subtitles are renditions with their languages, in both master playlists", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  for (const name of ["master", "elastic"]) {
    const { text } = await server.get(`video/${name}.m3u8`);
    const media = tags(text, "MEDIA").map((line) =>
      ["TYPE", "NAME", "LANGUAGE", "DEFAULT", "AUTOSELECT"]
        .map((key) => new RegExp(`${key}="?(\\w+)`).exec(line)?.[1])
        .join(" "),
    );
    assert.deepEqual(media, [
      "AUDIO English en YES YES",
      "AUDIO German de NO YES",
      "SUBTITLES English en NO YES",
      "SUBTITLES German de NO YES",
    ]);
    for (const line of tags(text, "STREAM-INF")) assert.match(line, /AUDIO="audio",SUBTITLES="text"/);
  }
  const { links } = JSON.parse((await server.get("video/info.json")).text);
  assert.deepEqual(links.text, ["text-0/index.m3u8", "text-1/index.m3u8"]);
  const subtitles = await server.get(`video/${links.subtitles[1]}`);
  assert.equal(subtitles.headers.get("content-type"), "text/vtt; charset=utf-8");
  assert.match(`${subtitles.headers.get("cache-control")}`, /immutable/);
  assert.equal(subtitles.text, "WEBVTT\n\n00:00:00.500 --> 00:00:01.500\nHallo\n");
});

test("subtitles are segmented, and a cue across a boundary is in both segments", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const { responses, durations } = await segmentsOf(server, "video/text-0/index.m3u8");
  assert.deepEqual(durations, [6, 3]);
  for (const { status, text } of responses) {
    assert.equal(status, 200);
    assert.ok(text.startsWith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"));
    assert.ok(text.includes("00:00:05.500 --> 00:00:06.500\nAcross\n"));
  }
  assert.deepEqual(
    responses.map(({ text }) => [text.includes("Hello"), text.includes("Bye")]),
    [
      [true, false],
      [false, true],
    ],
  );
  assert.equal((await server.get("video/text-2/index.m3u8")).code, "no-such-text");
  assert.equal((await server.get("video/text-0/seg-2.vtt")).code, "no-such-segment");
  assert.equal((await server.get("video/text-0.vtt?v=old")).code, "stale-version");
  // ffmpeg, as an independent reader, finds each cue at its time.
  const vtt = `${await ffmpeg("-i", `${server.url}video/text-0/index.m3u8`, "-f", "webvtt", "-")}`;
  assert.match(vtt, /00:00\.500 --> 00:01\.500\nHello/);
  assert.match(vtt, /00:08\.000 --> 00:08\.500\nBye/);
});

for (const frameRate of [{ num: 25, den: 1 }, NTSC]) {
  test(`keyframes are independent and contiguous at ${frameRate.num}/${frameRate.den} frames per second`, async (t) => {
    const video = { width: 160, height: 90, groups: [26, 9, 1, 40], frameRate };
    const rate = Math.floor(frameRate.num / frameRate.den);
    const server = await testServer(t, { video });
    const { text, responses, durations } = await segmentsOf(server, "video/full/80,/iframes.m3u8");
    assert.match(text, /#EXT-X-I-FRAMES-ONLY/);
    assert.equal(durations.length, rate === 25 ? 5 : 4);
    const file = join(await tempFolder(t), "frames.mp4");
    await writeFile(file, Buffer.concat(responses.map(({ body }) => body)));
    const starts = rate === 25 ? [0, 13, 25, 50, 75, 76] : [0, 15, 30, 60, 76];
    const [stream] = (await streamsOf(file)) as { width?: number; duration_ts?: number }[];
    assert.deepEqual([stream?.width, stream?.duration_ts], [80, 76 * frameRate.den]);
    const listed = `${await ffmpeg("-i", file, "-c", "copy", "-f", "framecrc", "-")}`;
    assert.deepEqual(
      [...listed.matchAll(/^0, *\d+, *(\d+),/gm)].map((match) => Number(match[1])),
      starts.slice(0, -1).map((start) => start * frameRate.den),
    );
    // Not read with ffmpeg, which derives durations from the frame rate in the parameter sets.
    assert.deepEqual(
      responses.slice(1).map(({ body }) => fragmentTiming(body).duration),
      starts.slice(0, -1).map((start, i) => (starts[i + 1]! - start) * frameRate.den),
    );
    // Each keyframe is an IDR picture: with only the init segment it decodes without errors.
    for (const { body } of responses.slice(1)) {
      await writeFile(file, Buffer.concat([responses[0]!.body, body]));
      assert.equal((await ffmpeg("-xerror", "-i", file, "-f", "rawvideo", "-")).length, (80 * 46 * 3) / 2);
    }
    assert.deepEqual(
      server.work.filter(({ type }) => type === "keyframe").map(({ frames: count }) => count),
      starts.slice(0, -1).map(() => 1),
    );
  });
}

test("the keyframe is the first frame of its segment", async (t) => {
  const server = await testServer(t, { video: { width: 160, height: 90, groups: [10, 10] } });
  const first = async (part: string) => {
    const file = join(await tempFolder(t), "part.mp4");
    const parts = ["init.mp4", part].map((name) => server.get(`video/full/max/${name}`));
    await writeFile(file, Buffer.concat((await Promise.all(parts)).map(({ body }) => body)));
    return ffmpeg("-i", file, "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-");
  };
  const [alone, inSegment] = [await first("iframe-1.m4s"), await first("seg-1.m4s")];
  const other = await first("seg-0.m4s");
  const psnr = (a: Buffer, b: Buffer) =>
    10 * Math.log10(255 ** 2 / (a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length));
  assert.ok(psnr(alone, inSegment) > 35, `${psnr(alone, inSegment)} dB`);
  assert.ok(psnr(alone, other) < 30, `${psnr(alone, other)} dB`);
});

test("the storyboard is also an image stream", async (t) => {
  const video = { ...VIDEO, groups: Array.from({ length: 31 }, () => 25), tone: 0, text: [] };
  const server = await testServer(t, { video });
  const { text: master } = await server.get("video/master.m3u8");
  const [line] = tags(master, "IMAGE-STREAM-INF");
  assert.match(`${line}`, /CODECS="jpeg",RESOLUTION=160x90,URI="images\.m3u8"/);
  const { text, durations, responses } = await segmentsOf(server, "video/images.m3u8");
  assert.match(text, /#EXT-X-IMAGES-ONLY/);
  assert.deepEqual(durations, [25, 6]);
  assert.deepEqual(tags(text, "TILES"), [
    "#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=5x5,DURATION=1.000",
    "#EXT-X-TILES:RESOLUTION=160x90,LAYOUT=5x2,DURATION=1.000",
  ]);
  const stated = Number(/BANDWIDTH=(\d+)/.exec(`${line}`)?.[1]);
  for (const [i, { headers, body }] of responses.entries()) {
    assert.equal(headers.get("content-type"), "image/jpeg");
    assert.ok((8 * body.length) / durations[i]! <= stated);
  }
  assert.doesNotMatch((await server.get("video/master.m3u8?region=square")).text, /IMAGE-STREAM/);
});
