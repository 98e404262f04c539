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
import { waitUntil } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };
const SEGMENT = "video/full/80,46/seg-0.m4s";

const idsOf = async (server: TestServer): Promise<string[]> =>
  JSON.parse((await server.get("")).text).assets.map(({ id }: { id: string }) => id);
const versionOf = async (server: TestServer): Promise<string> =>
  JSON.parse((await server.get("video/info.json")).text).v;

/** Captures the messages of Fastify's log, each with its video. */
function captureLog() {
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
  const logged = (line: string) => waitUntil(() => lines.includes(line), `"${line}" is logged`);
  return { logger: { level: "info", stream }, logged };
}

test("a video that is being copied is ignored until it is complete, then served without a restart", async (t) => {
  const { logger, logged } = captureLog();
  const server = await testServer(t, { other: SMALL }, { logger });
  await logged("serving videos");
  const bytes = syntheticAsset(SMALL);
  const path = join(server.root, "video.siedd");
  const chunkBytes = Math.ceil(bytes.length / 6);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await appendFile(path, bytes.subarray(at, at + chunkBytes));
    await sleep(60);
    if (at + chunkBytes >= bytes.length) break;
    const early = await server.get("video/info.json");
    assert.deepEqual([early.status, early.code], [503, "asset-incomplete"]);
    assert.ok(Number(early.headers.get("retry-after")) > 0);
    const { assets, problems } = JSON.parse((await server.get("")).text);
    assert.deepEqual([assets.length, problems], [1, undefined]);
  }
  assert.equal((await server.get(SEGMENT)).status, 200);
  assert.deepEqual(await idsOf(server), ["other", "video"]);
  await logged("video: video added");
});

test("a preallocated file is not served before it is complete", async (t) => {
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

test("a file that stays truncated is reported as an error", async (t) => {
  const server = await testServer(t, { video: SMALL });
  await truncate(join(server.root, "video.siedd"), 3000);
  assert.equal((await server.get("video/info.json")).code, "asset-incomplete");
  // Advance the clock instead of waiting.
  const now = Date.now;
  t.mock.method(Date, "now", () => now() + 6000);
  const response = await server.get("video/info.json");
  assert.deepEqual([response.status, response.code], [500, "truncated-asset"]);
  assert.equal(JSON.parse((await server.get("")).text).problems[0].file, "video.siedd");
});

test("a replaced video gets new URLs, and the old ones are stale", async (t) => {
  const { logger, logged } = captureLog();
  const server = await testServer(t, { video: SMALL }, { logger });
  await logged("serving videos");
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
  await logged("video: video replaced");

  await rename(video, join(server.root, "moved.siedd"));
  assert.equal((await server.get("video/info.json")).code, "unknown-asset");
  assert.equal((await server.get("moved/info.json")).status, 200);
  await logged("video: video removed");
  await logged("moved: video added");
  await rm(join(server.root, "moved.siedd"));
  assert.deepEqual(await idsOf(server), []);
});

test("a download in progress continues from the file that it started with", async (t) => {
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

test("a segment of an overwritten video is complete or fails, but never mixes versions", async (t) => {
  const long = { ...SMALL, groups: [250] };
  const server = await testServer(t, { video: long }, { workers: 1 });
  const old = await versionOf(server);
  const expected = (await server.get("video/full/%5E640,360/seg-0.m4s")).body;
  const pending = server.get("video/full/%5E642,360/seg-0.m4s");
  await waitUntil(() => runningEncoders() > 0, "the segment is being encoded");
  await writeFile(join(server.root, "video.siedd"), syntheticAsset({ ...long, seed: 3 }));
  const { status, code } = await pending;
  assert.ok(status === 200 || (status === 503 && code === "asset-replaced"), `${status} ${code}`);
  assert.notEqual(await versionOf(server), old);
  const fresh = await server.get("video/full/%5E640,360/seg-0.m4s");
  assert.equal(fresh.status, 200);
  assert.notDeepEqual(fresh.body, expected);
});
