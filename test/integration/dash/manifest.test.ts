import assert from "node:assert/strict";
import { test } from "node:test";
import { type Manifest, parseManifest } from "../../support/dash-manifest.js";
import { fragmentTiming } from "../../support/fragment-timing.js";
import { ffmpeg } from "../../support/odd-videos.js";
import { type TestServer, testServer } from "../../support/running-server.js";

const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });
const VIDEO = {
  width: 160,
  height: 90,
  widths: [4],
  tone: 5,
  languages: ["eng", "und"],
  frameRate: { num: 30000, den: 1001 },
  groups: [31, 28, 28, 7, 30],
  text: [{ language: "ger", cues: [cue(500, 1500, "Hallo"), cue(2000, 2500, "Servus")] }],
};
const FRAMES = 124;

async function fetchManifest(server: TestServer, path: string): Promise<Manifest> {
  const { status, headers, text } = await server.get(path);
  assert.deepEqual([status, headers.get("content-type")], [200, "application/dash+xml"], text);
  return parseManifest(text, new URL(path, server.url).href);
}

test("the manifest offers the sizes of the master playlist, all tracks, and thumbnails", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const { type, duration, representations } = await fetchManifest(
    server,
    "video/manifest.mpd?size=%5E!300,300",
  );
  // Rounded up: players drop a frame that ends after the presentation.
  assert.deepEqual([type, duration], ["static", "PT4.138S"]);
  const master = await server.get("video/master.m3u8?width=300");
  const sizes = [...master.text.matchAll(/^#EXT-X-STREAM-INF.*RESOLUTION=(\S+?),/gm)].map(([, size]) => size);
  const ofType = (kind: string) => representations.filter(({ contentType }) => contentType === kind);
  assert.deepEqual(
    ofType("video").map(({ width, height }) => `${width}x${height}`),
    sizes,
  );
  assert.deepEqual(
    [...ofType("audio"), ...ofType("text")].map(({ id, lang, label, role }) => [id, lang, label, role]),
    [
      ["audio-0", "en", "English", "main"],
      ["audio-1", undefined, "Audio", "alternate"],
      ["text-0", "de", "German", "subtitle"],
    ],
  );
  const [subtitles] = ofType("text");
  assert.match((await server.get(subtitles!.segments[0]!.url)).text, /00:02\.000 --> 00:00:02\.500\nServus/);
  const [thumbnails] = ofType("image");
  assert.deepEqual([thumbnails?.width, thumbnails?.height], [800, 90]);
  const sheet = await server.get(thumbnails!.segments[0]!.url);
  assert.deepEqual([sheet.status, sheet.headers.get("content-type")], [200, "image/jpeg"]);
});

test("segments start and end exactly where the manifest says, within its bandwidth", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const { representations } = await fetchManifest(server, "video/full/%5E170,/index.mpd");
  for (const kind of ["video", "audio"]) {
    const [stream, ...others] = representations.filter(({ contentType }) => contentType === kind);
    if (kind === "video") assert.deepEqual([stream?.id, others], ["full/%5E170,96", []]);
    let end = 0;
    for (const { url, time, duration } of stream!.segments) {
      const { status, body, headers } = await server.get(url);
      assert.equal(status, 200, url);
      assert.match(`${headers.get("cache-control")}`, /immutable/);
      const timing = fragmentTiming(body, kind === "audio" ? 1024 : 1001);
      assert.deepEqual([timing.decodeTime, timing.duration], [time, duration], url);
      assert.equal(time, end);
      end += duration;
      if (duration >= stream!.timescale / 2) {
        const bitrate = (8 * body.length * stream!.timescale) / duration;
        assert.ok(bitrate <= stream!.bandwidth, `${bitrate} bits per second`);
      }
    }
    if (kind === "video") assert.equal(end, FRAMES * VIDEO.frameRate.den);
    assert.equal((await server.get(stream!.init!)).status, 200);
  }
});

test("ffmpeg decodes every frame of the manifests and of the playlist of one size", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  for (const path of ["manifest.mpd?size=pct:60", "full/%5E170,/index.mpd", "full/%5E170,/playlist.m3u8"]) {
    const input = ["-xerror", "-i", `${server.url}video/${path}`, "-map", "0:v:0", "-map", "0:a:0"];
    const listed = `${await ffmpeg(...input, "-fps_mode", "passthrough", "-f", "framecrc", "-")}`;
    assert.equal(listed.match(/^0,/gm)?.length, FRAMES, path);
    assert.ok((listed.match(/^1,/gm)?.length ?? 0) >= (4.1 * 48000) / 1024, path);
  }
  // One size means one size: nothing else is computed.
  const sizes = server.work.filter(({ type }) => type === "segment").map(({ width }) => width);
  assert.ok(sizes.includes(170) && sizes.includes(96));
});

test("a manifest names its canonical URL, and the codec of its segments", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const { headers } = await server.get("video/full/81,/index.mpd");
  assert.equal(headers.get("link"), '</video/full/82,46/index.mpd>; rel="canonical"');
  const playlist = await server.get("video/full/81,/playlist.m3u8");
  assert.equal(playlist.headers.get("link"), '</video/full/82,46/playlist.m3u8>; rel="canonical"');
  assert.match(playlist.text, /^\.\.\/\.\.\/full\/82,46\/index\.m3u8$/m);
  const { representations } = await fetchManifest(server, "video/full/80,/index.mpd?codec=hevc");
  assert.match(`${representations[0]?.codecs}`, /^hvc1\./);
  assert.match(`${representations[0]?.init}`, /init\.mp4\?codec=hevc&v=[\w-]+$/);
});
