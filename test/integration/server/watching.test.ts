import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, copyFile, open, rename, rm, truncate, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runningEncoders } from "../../../media/segments/segment-encoder.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { until } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };
const SEGMENT = "video/full/80,46/seg-0.m4s";

const idsOf = async (server: TestServer): Promise<string[]> =>
  JSON.parse((await server.get("")).text).assets.map(({ id }: { id: string }) => id);
const versionOf = async (server: TestServer): Promise<string> =>
  JSON.parse((await server.get("video/info.json")).text).v;

/** Fastify's log as its messages, with the video they are about. */
function logOf() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split("\n")) {
        const { msg, video } = JSON.parse(line);
        lines.push(video === undefined ? msg : `${video}: ${msg}`);
      }
      done();
    },
  });
  const told = (line: string) => until(() => lines.includes(line), `the log says "${line}"`);
  return { logger: { level: "info", stream }, told, lines };
}

test("a video that is copied in slices is ignored until it is whole, and then served without a restart", async (t) => {
  const { logger, told } = logOf();
  const server = await testServer(t, { other: SMALL }, { logger });
  await told("siedd serves");
  const bytes = syntheticAsset(SMALL);
  const path = join(server.root, "video.siedd");
  const slice = Math.ceil(bytes.length / 6);
  for (let at = 0; at < bytes.length; at += slice) {
    await appendFile(path, bytes.subarray(at, at + slice));
    await sleep(60);
    if (at + slice >= bytes.length) break;
    const early = await server.get("video/info.json");
    assert.deepEqual([early.status, early.code], [503, "asset-incomplete"]);
    assert.ok(Number(early.headers.get("retry-after")) > 0);
    const { assets, problems } = JSON.parse((await server.get("")).text);
    assert.deepEqual([assets.length, problems], [1, undefined]);
  }
  assert.equal((await server.get(SEGMENT)).status, 200);
  assert.deepEqual(await idsOf(server), ["video", "other"]);
  await told("video: a video was added");
});

test("a file whose room is reserved before it is filled is not taken for a video", async (t) => {
  const server = await testServer(t, { other: SMALL });
  const bytes = syntheticAsset(SMALL);
  const file = await open(join(server.root, "video.siedd"), "w");
  await file.truncate(bytes.length);
  assert.equal((await server.get("video/info.json")).code, "asset-incomplete");
  await file.write(bytes, 0, bytes.length - 500, 0);
  await sleep(250);
  assert.equal((await server.get("video/info.json")).code, "asset-incomplete");
  await file.write(bytes, bytes.length - 500, 500, bytes.length - 500);
  await file.close();
  assert.equal((await server.get("video/info.json")).status, 200);
});

test("what stays cut off is told as an error in the end", async (t) => {
  const server = await testServer(t, { video: SMALL });
  await truncate(join(server.root, "video.siedd"), 3000);
  assert.equal((await server.get("video/info.json")).code, "asset-incomplete");
  // The clock is put forward instead of waiting.
  const now = Date.now;
  t.mock.method(Date, "now", () => now() + 6000);
  const answer = await server.get("video/info.json");
  assert.deepEqual([answer.status, answer.code], [500, "truncated-asset"]);
  assert.equal(JSON.parse((await server.get("")).text).problems[0].file, "video.siedd");
});

test("a replaced video gets new URLs, and the old ones end as stale", async (t) => {
  const { logger, told } = logOf();
  const server = await testServer(t, { video: SMALL }, { logger });
  await told("siedd serves");
  const video = join(server.root, "video.siedd");
  const old = await versionOf(server);
  const before = await server.get(`${SEGMENT}?v=${old}`);
  assert.match(before.headers.get("cache-control") ?? "", /immutable/);

  const folder = await tempFolder(t);
  await writeFile(join(folder, "new"), syntheticAsset({ ...SMALL, seed: 11 }));
  await rename(join(folder, "new"), video).catch(() => copyFile(join(folder, "new"), video));
  const stale = await server.get(`${SEGMENT}?v=${old}`);
  assert.deepEqual([stale.status, stale.code], [404, "stale-version"]);
  assert.equal(stale.headers.get("cache-control"), "no-store");
  const now = await versionOf(server);
  assert.notEqual(now, old);
  const after = await server.get(`${SEGMENT}?v=${now}`);
  assert.equal(after.status, 200);
  assert.notDeepEqual(after.body, before.body);
  await told("video: a video was replaced");

  await rename(video, join(server.root, "moved.siedd"));
  assert.equal((await server.get("video/info.json")).code, "unknown-asset");
  assert.equal((await server.get("moved/info.json")).status, 200);
  await told("video: a video was removed");
  await told("moved: a video was added");
  await rm(join(server.root, "moved.siedd"));
  assert.deepEqual(await idsOf(server), []);
});

test("a download that is under way goes on in the file that it began with", async (t) => {
  const bytes = syntheticAsset({ width: 640, height: 360, groups: Array.from({ length: 120 }, () => 10) });
  const server = await testServer(t, { video: bytes });
  const response = await new Promise<import("node:http").IncomingMessage>((resolve) =>
    get(`${server.url}video/asset`, resolve),
  );
  const parts: Buffer[] = [(await once(response, "data"))[0]];
  response.pause();
  const next = join(server.root, "next");
  await writeFile(next, syntheticAsset(SMALL));
  await rename(next, join(server.root, "video.siedd"));
  assert.equal((await server.get("video/asset")).body.length, syntheticAsset(SMALL).length);
  response.on("data", (part: Buffer) => parts.push(part));
  response.resume();
  await once(response, "end");
  assert.ok(Buffer.concat(parts).equals(bytes));
});

test("a segment of a video that is overwritten meanwhile ends clearly, never with a mixture", async (t) => {
  const long = { ...SMALL, groups: [250] };
  const server = await testServer(t, { video: long }, { workers: 1 });
  const old = await versionOf(server);
  const quiet = (await server.get("video/full/%5E640,360/seg-0.m4s")).body;
  const asked = server.get("video/full/%5E642,360/seg-0.m4s");
  await until(() => runningEncoders() > 0, "the segment is being computed");
  await writeFile(join(server.root, "video.siedd"), syntheticAsset({ ...long, seed: 3 }));
  const { status, code } = await asked;
  assert.ok(status === 200 || (status === 503 && code === "asset-replaced"), `${status} ${code}`);
  assert.notEqual(await versionOf(server), old);
  const fresh = await server.get("video/full/%5E640,360/seg-0.m4s");
  assert.equal(fresh.status, 200);
  assert.notDeepEqual(fresh.body, quiet);
});
