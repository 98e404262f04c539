import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { link, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openAsset } from "../../../codec/internal.js";
import { fileSource } from "../../../decode-pool/index.js";
import { Catalog } from "../../../server/catalog/catalog.js";
import { serve, signUrl } from "../../../server/index.js";
import { FolderLibrary } from "../../../server/library/folder-library.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

test("old URLs of a video that was replaced by a smaller and shorter one are stale, not wrong", async (t) => {
  const text = [{ language: "eng", cues: [{ start: 0, end: 400, settings: "", text: "Hello" }] }];
  const server = await testServer(t, { video: { ...SMALL, tone: 0.8, text } });
  const { v, segments } = JSON.parse((await server.get("video/info.json")).text);
  const last = segments.length - 1;
  const urls = [
    ...["init.mp4", `seg-${last}.m4s`, `elastic-${last}.m4s`, `iframe-${last}.m4s`, "frame-700.jpg"].map(
      (file) => `video/full/160,90/${file}`,
    ),
    ...["video/100,50,60,40/elastic/init.mp4", "video/audio-0/init.mp4", `video/audio-0/seg-${last}.m4s`],
    ...["video/text-0/seg-0.vtt", "video/text-0.vtt", "video/storyboard-0.jpg"],
  ].map((url) => `${url}?v=${v}`);
  for (const url of urls) assert.equal((await server.get(url, { method: "HEAD" })).status, 200, url);

  await writeFile(join(server.root, "next"), syntheticAsset({ width: 80, height: 46, groups: [4] }));
  await rename(join(server.root, "next"), join(server.root, "video.siedd"));
  for (const url of urls) assert.equal((await server.get(url)).code, "stale-version", url);
});

test("a pipe with the name of a video holds up nothing", {
  skip: process.platform === "win32",
}, async (t) => {
  const server = await testServer(t, { video: SMALL });
  const pipe = join(server.root, "pipe.siedd");
  execFileSync("mkfifo", [pipe]);
  assert.equal((await server.get("pipe/info.json")).code, "unknown-asset");
  assert.deepEqual(Object.keys(JSON.parse((await server.get("")).text)), ["assets"]);
  assert.throws(() => fileSource(pipe), /^SieddError: cannot read pipe\.siedd: it is no ordinary file$/);
});

test("a folder of videos that goes away is said without where it lay, and is served again once it is back", async (t) => {
  const server = await testServer(t, { video: SMALL });
  await rename(server.root, `${server.root}-away`);
  t.after(() => rm(`${server.root}-away`, { recursive: true, force: true }));
  const { assets, problems } = JSON.parse((await server.get("")).text);
  assert.deepEqual(
    [assets, problems],
    [
      [],
      [{ file: "", message: "a folder of videos cannot be read: it is gone, or this user may not list it" }],
    ],
  );
  await rename(`${server.root}-away`, server.root);
  assert.equal((await server.get("video/info.json")).status, 200);
});

test("what is wrong with a file is said once, with its name once", async (t) => {
  const path = join(await tempFolder(t), "video.siedd");
  const bytes = syntheticAsset(SMALL);
  await writeFile(path, bytes);
  const asset = await openAsset(fileSource(path), { name: "video.siedd" });
  await truncate(path, asset.groups[1]!.offset + 1);
  await assert.rejects(
    openAsset(fileSource(path), { name: "video.siedd" }),
    /^SieddError: video\.siedd: the asset is cut off: \S+ places sample 1 up to byte \d+, the file has \d+; copy or encode it again$/,
  );
  await assert.rejects(
    openAsset(fileSource(join(path, "..")), { name: "videos" }),
    /^SieddError: cannot read \S+: it is a folder; give the name of a file$/,
  );
});

test("the player's files have strong entity tags, and a malformed Range gets the whole", async (t) => {
  const server = await testServer(t, {});
  const whole = await server.get("player/siedd-player.js");
  const etag = whole.headers.get("etag") ?? "";
  assert.match(etag, /^"/);
  for (const range of ["bytes=a-b", "bytes=5-2", "bytes=999999999-"]) {
    const answer = await server.get("player/siedd-player.js", { headers: { range } });
    assert.deepEqual([answer.status, answer.body.length], [200, whole.body.length], range);
  }
  const again = await server.get("player/siedd-player.js", { headers: { "if-none-match": etag } });
  assert.deepEqual([again.status, again.body.length], [304, 0]);
});

test("a player on another site may say in headers how long its buffer lasts", async (t) => {
  const server = await testServer(t, {});
  const { headers } = await server.get("video/full/16,16/seg-0.m4s", { method: "OPTIONS" });
  assert.match(headers.get("access-control-allow-headers") ?? "", /CMCD-Request, CMCD-Object, CMCD-Session/);
});

test("a path that the router refuses is an error like all others", async (t) => {
  const server = await testServer(t, {});
  for (const [path, status] of [
    ["%ff/info.json", 400],
    ["a%b/info.json", 400],
    [`${"a".repeat(600)}/info.json`, 414],
  ] as const) {
    const answer = await server.get(path);
    assert.deepEqual([answer.status, answer.code], [status, "bad-url"], path);
    assert.equal(answer.headers.get("cache-control"), "no-store");
  }
});

test("a list of more than a thousand videos opens each of them once", async (t) => {
  const root = await tempFolder(t);
  const first = join(root, "video.siedd");
  await writeFile(first, syntheticAsset({ ...SMALL, groups: [1], tileWidth: 4 }));
  const names = Array.from({ length: 1100 }, (_, i) => join(root, `video ${i}.siedd`));
  await Promise.all(names.map((name) => link(first, name)));
  const options = {
    engine: "auto",
    videoEncoder: "x264",
    imageSettings: "",
    salt: "",
    maxIdLength: 100,
  } as const;
  const catalog = new Catalog([new FolderLibrary(root)], options);
  const [one, two] = [await catalog.list(), await catalog.list()];
  assert.deepEqual([one.entries.length, one.problems], [1101, []]);
  assert.ok(two.entries.every((video, i) => video === one.entries[i]));
});

test("a folder for the cache that cannot be made is refused, not tried for ever", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "file"), "");
  // In /proc nothing can be made, and the error is the one of a parent that is not there.
  for (const cacheDir of [
    join(root, "file", "cache"),
    ...(process.platform === "linux" ? ["/proc/a/b"] : []),
  ]) {
    await assert.rejects(serve({ root, port: 0, cacheDir }), /cacheDir must be a writable folder/);
  }
  const cacheDir = join(root, "a", "b");
  const server = await serve({ root, port: 0, cacheDir });
  await server.close();
  assert.ok((await stat(cacheDir)).isDirectory());
});

test("a signature for small sizes opens the even size of a video with an odd side", async (t) => {
  const key = { id: "a", secret: "0123456789abcdef" };
  const server = await testServer(t, { video: { ...SMALL, width: 161, height: 91 } }, { signKeys: [key] });
  const signed = (path: string) => server.get(signUrl(path, { key, expires: 600, maxSide: 200 }).slice(1));
  const { text } = await signed("/video/master.m3u8");
  const [first] = text.split("\n").filter((line) => line.startsWith("full/"));
  assert.match(first ?? "", /^full\/162,92\//);
  assert.equal((await server.get(`video/${first}`)).status, 200);
});
