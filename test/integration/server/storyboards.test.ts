import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { testServer } from "../../support/running-server.js";

/** 30 seconds at 5 frames per second. */
const LONG = { width: 160, height: 90, frameRate: { num: 5, den: 1 }, groups: [50, 50, 50], widths: [4] };
const CUE =
  /^(\d\d:\d\d:\d\d\.\d{3}) --> (\d\d:\d\d:\d\d\.\d{3})\n(storyboard-\d+\.jpg\?v=[\w-]+)#xywh=([\d,]+)$/;

const cuesOf = (vtt: string) =>
  vtt
    .trim()
    .split("\n\n")
    .slice(1)
    .map((cue) => {
      const [, from, to, sheet, xywh] = CUE.exec(cue) ?? assert.fail(cue);
      const [x, y, width, height] = xywh.split(",").map(Number);
      return { from, to, sheet, area: { left: x, top: y, width, height } };
    });

test("a storyboard covers the video without gaps, and each thumbnail shows the frame at the start of its cue", async (t) => {
  const server = await testServer(t, { video: LONG });
  const { headers, text } = await server.get("video/storyboard.vtt");
  assert.equal(headers.get("content-type"), "text/vtt; charset=utf-8");
  assert.ok(text.startsWith("WEBVTT\n\n"));
  const cues = cuesOf(text);
  assert.equal(cues.length, 30);
  assert.equal(cues[0].from, "00:00:00.000");
  assert.equal(cues[29].to, "00:00:30.000");
  for (let i = 1; i < 30; i++) assert.equal(cues[i].from, cues[i - 1].to);
  assert.deepEqual(server.work, []);

  const sheets = [...new Set(cues.map(({ sheet }) => sheet))];
  const files = new Map<string, Buffer>();
  for (const sheet of sheets) {
    const response = await server.get(`video/${sheet}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "image/jpeg");
    assert.equal(response.headers.get("cache-control"), "public, max-age=31536000, immutable");
    files.set(sheet, response.body);
  }
  const sizes = [];
  for (const file of files.values()) {
    const { width, height } = await sharp(file).metadata();
    sizes.push([width, height]);
  }
  assert.deepEqual(sizes, [
    [800, 450],
    [800, 90],
  ]);
  for (const second of [0, 7, 24, 25, 29]) {
    const { sheet, area } = cues[second];
    const thumbnail = await sharp(files.get(sheet)).extract(area).raw().toBuffer();
    const differences = [];
    for (const at of [second, (second + 13) % 30]) {
      const { body } = await server.get(`video/full/160,90/frame-${at * 1000}.png`);
      const expected = await sharp(body).raw().toBuffer();
      differences.push(
        thumbnail.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0) / thumbnail.length,
      );
    }
    assert.ok(differences[0] < 12 && differences[0] < differences[1] / 2, `${second}: ${differences}`);
  }
});

test("a sheet is computed once for all requests, and not for HEAD and 304", async (t) => {
  const server = await testServer(t, { video: LONG });
  const { links } = JSON.parse((await server.get("video/info.json")).text);
  assert.equal(links.storyboard, "storyboard.vtt");
  const path = "video/storyboard-1.jpg";
  const head = await server.get(path, { method: "HEAD" });
  const etag = head.headers.get("etag") ?? "";
  assert.equal((await server.get(path, { headers: { "if-none-match": etag } })).status, 304);
  const vtt = await server.get("video/storyboard.vtt", { method: "HEAD" });
  assert.deepEqual([head.status, vtt.status, vtt.body.byteLength], [200, 200, 0]);
  for (const [invalid, code] of [
    ["video/storyboard-2.jpg", "no-such-sheet"],
    ["video/storyboard-0.jpg?v=old", "stale-version"],
    ["video/storyboard-x.jpg", "not-found"],
    ["nothing/storyboard.vtt", "unknown-asset"],
  ]) {
    const response = await server.get(invalid);
    assert.deepEqual([response.status, response.code], [404, code], invalid);
  }
  assert.deepEqual(server.work, []);
  await Promise.all(Array.from({ length: 6 }, () => server.get(path)));
  assert.equal(server.work.length, 1);
  const { type, index, width, height, frames } = server.work[0];
  assert.deepEqual([type, index, width, height, frames], ["storyboard", 1, 160, 90, 5]);
});

test("a long video has at most 500 thumbnails, and a short one has at least one", async (t) => {
  const server = await testServer(t, {
    long: { ...LONG, frameRate: { num: 1, den: 20 } },
    short: { ...LONG, groups: [1] },
  });
  const long = cuesOf((await server.get("long/storyboard.vtt")).text);
  assert.equal(long.length, 500);
  assert.deepEqual([long[1].from, long[499].to], ["00:00:06.000", "00:50:00.000"]);
  const [only, ...others] = cuesOf((await server.get("short/storyboard.vtt")).text);
  assert.deepEqual([only.from, only.to, others.length], ["00:00:00.000", "00:00:00.200", 0]);
  assert.equal((await server.get(`short/${only.sheet}`)).status, 200);
});
