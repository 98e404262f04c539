import assert from "node:assert/strict";
import { rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ServeError, serve } from "../../../server/index.js";
import { remainingProcesses } from "../../support/child-processes.js";
import { segmentIndexes, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Its segments are its groups. */
const SMALL = { width: 160, height: 90, groups: [10, 10], frameRate: { num: 20, den: 1 } };

test("the catalog lists all playable videos, and why other files are not served", async (t) => {
  const server = await testServer(t, {
    "b video 100%": SMALL,
    a: SMALL,
    broken: new Uint8Array(100).fill(7),
    player: SMALL,
  });
  const { text, headers } = await server.get("");
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  const { assets, problems } = JSON.parse(text);
  const posters = assets.map(({ poster }: { poster: string }) => poster);
  const common = { backend: "asset", bytes: (await server.get("a/asset")).body.byteLength, duration: 1 };
  assert.deepEqual(assets, [
    { ...common, id: "a", title: "a", info: "a/info.json", poster: posters[0] },
    {
      ...common,
      id: "b video 100%",
      title: "b video 100%",
      info: "b%20video%20100%25/info.json",
      poster: posters[1],
    },
  ]);
  assert.deepEqual(
    problems.map(({ file }: { file: string }) => file),
    ["broken.siedd", "player.siedd"],
  );
  const info = JSON.parse((await server.get(assets[1].info)).text);
  assert.deepEqual([info.width, info.height, info.frameCount], [160, 90, 20]);
  assert.deepEqual(info.limits, { minSide: 16, maxSide: 8192, maxArea: 4096 * 2304 });
  const asset = await server.get(new URL(info.links.asset, new URL(assets[1].info, server.url)).href);
  assert.equal(asset.body.byteLength, info.bytes);
});

test("concurrent requests for a segment decode it once, and later ones are served from memory", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const path = "video/full/160,90/seg-1.m4s";
  const responses = await Promise.all(Array.from({ length: 12 }, () => server.get(path)));
  for (const { status, body, headers } of responses) {
    assert.equal(status, 200);
    assert.ok(body.equals(responses[0].body));
    assert.equal(headers.get("content-length"), `${body.byteLength}`);
  }
  await server.get("video/full/160,/seg-1.m4s");
  assert.deepEqual(segmentIndexes(server.work), [1]);
});

test("HEAD and 304 decode nothing", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, tone: 1 } });
  const playlist = await server.get("video/full/160,90/index.m3u8");
  const version = /\?v=([\w-]+)/.exec(playlist.text)?.[1];
  for (const path of [
    "video/full/160,90/seg-0.m4s",
    `video/full/160,90/seg-0.m4s?v=${version}`,
    "video/full/160,90/init.mp4",
    "video/full/elastic/init.mp4",
    "video/full/80,46/elastic-1.m4s",
    "video/full/160,90/index.m3u8",
    "video/audio-0/seg-0.m4s",
    "video/master.m3u8",
    "video/manifest.mpd",
    "video/full/160,90/playlist.m3u8",
    "video/full/160,90/index.mpd",
    "video/info.json",
    "video/asset",
    "",
  ]) {
    const head = await server.get(path, { method: "HEAD" });
    assert.equal(head.status, 200, path);
    assert.equal(head.body.byteLength, 0);
    const etag = head.headers.get("etag") ?? "";
    assert.match(etag, /^"/, path);
    const conditional = await server.get(path, { headers: { "if-none-match": `"x", ${etag}` } });
    assert.equal(conditional.status, 304, path);
    assert.equal(conditional.headers.get("etag"), etag);
    const failed = await server.get(path, { headers: { "if-match": '"x"' } });
    assert.deepEqual([failed.status, failed.code], [412, "precondition-failed"], path);
  }
  assert.deepEqual(server.work, []);
  const missing = await server.get("video/full/160,90/seg-2.m4s", { method: "HEAD" });
  assert.equal(missing.status, 404);
});

test("only a URL with the current version is immutable", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const caching = async (path: string) => (await server.get(path)).headers.get("cache-control");
  const { text, headers } = await server.get("video/full/160,90/index.m3u8");
  assert.equal(headers.get("cache-control"), "no-cache");
  const [init] = /init\.mp4\?v=[\w-]+/.exec(text) ?? [];
  const [segment] = /seg-0\.m4s\?v=[\w-]+/.exec(text) ?? [];
  assert.equal(await caching(`video/full/160,90/${init}`), "public, max-age=31536000, immutable");
  assert.equal(await caching(`video/full/160,90/${segment}`), "public, max-age=31536000, immutable");
  assert.equal(await caching("video/full/160,90/seg-0.m4s"), "no-cache");

  const path = join(server.root, "video.siedd");
  await writeFile(`${path}.new`, syntheticAsset({ ...SMALL, seed: 99 }));
  await rename(`${path}.new`, path);
  const stale = await server.get(`video/full/160,90/${segment}`);
  assert.deepEqual([stale.status, stale.code], [404, "stale-version"]);
  assert.equal(stale.headers.get("cache-control"), "no-store");
  const fresh = /seg-0\.m4s\?v=[\w-]+/.exec((await server.get("video/full/160,90/index.m3u8")).text)?.[0];
  assert.notEqual(fresh, segment);
  assert.equal((await server.get(`video/full/160,90/${fresh}`)).status, 200);
});

test("the asset supports Range requests as specified by RFC 9110", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const full = await server.get("video/asset");
  assert.equal(full.status, 200);
  assert.equal(full.headers.get("accept-ranges"), "bytes");
  const size = full.body.byteLength;
  const etag = full.headers.get("etag") ?? "";
  const lastModified = full.headers.get("last-modified") ?? "";
  const get = async (headers: Record<string, string>) => server.get("video/asset", { headers });

  const part = await get({ range: "bytes=10-19" });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), `bytes 10-19/${size}`);
  assert.ok(part.body.equals(full.body.subarray(10, 20)));
  assert.equal(part.headers.get("etag"), etag);
  assert.ok((await get({ range: "bytes=-5" })).body.equals(full.body.subarray(size - 5)));

  for (const condition of [etag, lastModified]) {
    assert.equal((await get({ range: "bytes=0-9", "if-range": condition })).status, 206);
  }
  for (const condition of ['"old"', `W/${etag}`, "Thu, 01 Jan 1970 00:00:00 GMT"]) {
    const response = await get({ range: "bytes=0-9", "if-range": condition });
    assert.deepEqual([response.status, response.body.byteLength], [200, size], condition);
  }
  for (const range of ["bytes=9-0", "bytes=a-", "bytes=0-1,5-9", "lines=1-2"]) {
    assert.deepEqual(
      [(await get({ range })).status, (await get({ range })).body.byteLength],
      [200, size],
      range,
    );
  }
  const unsatisfiable = await get({ range: `bytes=${size}-` });
  assert.deepEqual([unsatisfiable.status, unsatisfiable.code], [416, "range-not-satisfiable"]);
  assert.equal(unsatisfiable.headers.get("content-range"), `bytes */${size}`);
  const head = await server.get("video/asset", { method: "HEAD", headers: { range: "bytes=0-1" } });
  assert.deepEqual([head.status, head.headers.get("content-length")], [200, `${size}`]);
});

test("invalid requests get a status, a code and a message, and decode nothing", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, tone: 1 } });
  for (const [path, status, code] of [
    ["nothing/info.json", 404, "unknown-asset"],
    ["nothing/full/160,90/seg-0.m4s", 404, "unknown-asset"],
    ["..%2Fvideo/info.json", 400, "bad-url"],
    ["video%00/info.json", 404, "unknown-asset"],
    ["healthz/info.json", 404, "unknown-asset"],
    ["video/full/160,90/seg-2.m4s", 404, "no-such-segment"],
    ["video/full/160,90/seg-999999999.m4s", 404, "no-such-segment"],
    ["video/full/160,90/seg--1.m4s", 404, "not-found"],
    ["video/full/160,90/other.m4s", 404, "not-found"],
    ["video/audio-1/index.m3u8", 404, "no-such-audio"],
    ["video/audio-0/seg-99.m4s", 404, "no-such-segment"],
    ["video/full/15,15/seg-0.m4s", 400, "size-too-small"],
    ["video/full/8,/index.m3u8", 400, "size-too-small"],
    ["video/full/%5E8193,/init.mp4", 400, "size-too-large"],
    ["video/full/%5E8192,8192/seg-0.m4s", 400, "size-too-large"],
    ["video/full/320,180/seg-0.m4s", 400, "upscale-needs-caret"],
    ["video/full/x/seg-0.m4s", 400, "bad-size"],
    ["video/half/160,90/seg-0.m4s", 400, "bad-region"],
    ["video/0,0,0,0/160,90/seg-0.m4s", 400, "bad-region"],
    ["video/master.m3u8?width=abc", 400, "bad-size"],
    ["video/master.m3u8?width=1&width=2", 400, "bad-size"],
    ["video/master.m3u8?width=99999", 400, "size-too-large"],
    ["video/manifest.mpd?size=161,", 400, "upscale-needs-caret"],
    ["video/manifest.mpd?size=max&width=80", 400, "bad-size"],
    ["video/full/99999,/playlist.m3u8", 400, "size-too-large"],
    ["video/full/80,/playlist.m3u8?v=old", 404, "stale-version"],
    ["video/elastic.m3u8?region=a&region=b", 400, "bad-region"],
    ["video/full/160,90/seg-0.m4s?v=old", 404, "stale-version"],
    ["no/such/path/anywhere/at/all", 404, "not-found"],
    ["player/../../../package.json", 404, "not-found"],
    ["%ff/info.json", 400, undefined],
  ] as const) {
    const response = await server.get(path);
    assert.equal(response.status, status, path);
    if (code !== undefined) {
      assert.equal(response.code, code, path);
      assert.equal(response.headers.get("cache-control"), "no-store", path);
      assert.ok(JSON.parse(response.text).error.message.length > 10);
    }
  }
  assert.deepEqual(server.work, []);
});

test("a truncated or corrupt asset is one clear error, and all other videos are still served", async (t) => {
  const server = await testServer(t, { cut: SMALL, flipped: SMALL, good: SMALL });
  const bytes = syntheticAsset(SMALL);
  const { groups } = JSON.parse((await server.get("flipped/info.json")).text);
  bytes[groups[1].offset + groups[1].size - 20] ^= 0x10;
  await writeFile(join(server.root, "flipped.siedd"), bytes);
  await truncate(join(server.root, "cut.siedd"), bytes.length - 1000);

  const cut = await server.get("cut/info.json");
  assert.deepEqual([cut.status, cut.code], [503, "asset-incomplete"], "it may still be written");
  assert.match(JSON.parse(cut.text).error.message, /cut\.siedd/);
  const corrupt = await server.get("flipped/full/160,90/seg-1.m4s");
  assert.deepEqual([corrupt.status, corrupt.code], [500, "corrupt-group"]);
  assert.match(JSON.parse(corrupt.text).error.message, /\b1\b/);
  assert.equal((await server.get("flipped/full/160,90/seg-0.m4s")).status, 200);
  assert.equal((await server.get("good/full/160,90/seg-1.m4s")).status, 200);
  assert.equal(await remainingProcesses("ffmpeg"), 0);
});

test("invalid options are rejected with path, rule, value and fix", async (t) => {
  const root = await tempFolder(t);
  for (const [options, message] of [
    [
      { root, cacheBytes: -1 },
      /options\.cacheBytes must be an integer >= 0, got -1; use 0 to disable the memory cache/,
    ],
    [{ root, workers: 1.5 }, /options\.workers must be an integer from 1 to 256, got 1\.5/],
    [{ root, maxSide: 9000 }, /options\.maxSide must be .* got 9000/],
    [{ root: "" }, /options\.root must be a folder path, an http or https URL.* ""/],
    [{ root: join(root, "nothing") }, /options\.root must be a readable folder/],
  ] as const) {
    await assert.rejects(serve({ port: 0, ...options }), (error) => {
      assert.ok(error instanceof ServeError && error.code === "bad-option");
      assert.match(error.message, message);
      return true;
    });
  }
});

test("responses can be read from other origins, with the headers that players need", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const path of ["video/info.json", "video/asset", "nothing/info.json"]) {
    const { headers } = await server.get(path);
    assert.equal(headers.get("access-control-allow-origin"), "*");
    const exposed = headers.get("access-control-expose-headers") ?? "";
    assert.match(exposed, /Content-Range, Accept-Ranges, ETag,.* Retry-After/);
    assert.equal(headers.get("cross-origin-resource-policy"), "cross-origin");
    const preflight = await server.get(path, { method: "OPTIONS" });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /Range/);
  }
});

test("players on other sites may send CMCD headers", async (t) => {
  const server = await testServer(t, {});
  const { headers } = await server.get("video/full/16,16/seg-0.m4s", { method: "OPTIONS" });
  assert.match(headers.get("access-control-allow-headers") ?? "", /CMCD-Request, CMCD-Object, CMCD-Session/);
});

test("every response has a Content-Type, and forbids sniffing", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const paths = [
    "",
    "video/info.json",
    "video/asset",
    "video/full/80,46/frame-0.jpg",
    "player/siedd-player.js",
  ];
  for (const path of [...paths, "video/none", "none/at/all"]) {
    const { headers } = await server.get(path);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.ok(headers.get("content-type"), path);
  }
});

test("the player and the catalog page are served with their media types", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const page = await server.get("", { headers: { accept: "text/html,*/*;q=0.8" } });
  assert.equal(page.status, 200);
  assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
  assert.match(page.headers.get("vary") ?? "", /accept/i);
  assert.equal((await server.get("player/no-such-file.js")).status, 404);
  assert.match(page.text, /<a class="video" href="player\/video\/video">/);
  assert.equal(
    (await server.get("player/library.js")).headers.get("content-type"),
    "application/javascript; charset=utf-8",
  );
});
