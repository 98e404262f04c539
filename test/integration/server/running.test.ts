import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";
import sharp from "sharp";
import { runningEncoders } from "../../../media/segments/segment-encoder.js";
import { originServer } from "../../support/origin-server.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

/** File name of a complete disk cache entry. */
const ENTRY = /\.siedd-cache$/;
const SMALL = { width: 160, height: 90, groups: [10, 10] };

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly reqId?: string;
  readonly path?: string;
  readonly status?: number;
  readonly code?: string;
}

/** Captures the lines of Fastify's log. */
function captureLog() {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split("\n")) lines.push(JSON.parse(line));
      done();
    },
  });
  return { lines, logger: { level: "info", stream } };
}

test("each request is logged once, with an id that is also in the response, and without its query", async (t) => {
  const { lines, logger } = captureLog();
  const server = await testServer(t, { video: { ...SMALL, groups: [1, 200] } }, { logger });
  const first = await server.get("video/info.json?secret=1");
  const second = await server.get("video/none", { headers: { "x-request-id": "from-a-proxy.7" } });
  const third = await server.get("video/info.json", { headers: { "x-request-id": "a b\tc" } });
  assert.equal(second.headers.get("x-request-id"), "from-a-proxy.7");
  assert.match(third.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  const aborted = request(`${server.url}video/full/%5E1600,900/seg-1.m4s`, () => {});
  aborted.on("error", () => {});
  aborted.end();
  await waitUntil(() => runningEncoders() > 0, "the response is being computed");
  aborted.destroy();
  await waitUntil(
    () => lines.some(({ msg }) => msg === "client disconnected"),
    "the log has the disconnected client",
  );
  const completed = lines.filter(({ msg }) => msg === "request completed");
  assert.deepEqual(
    completed.map(({ reqId, path, status }) => [reqId, path, status]),
    [
      [first.headers.get("x-request-id"), "/video/info.json", 200],
      ["from-a-proxy.7", "/video/none", 404],
      [third.headers.get("x-request-id"), "/video/info.json", 200],
    ],
  );
  assert.equal(lines.filter(({ msg }) => msg === "client disconnected").length, 1);
  assert.doesNotMatch(JSON.stringify(lines), /secret/);
});

test("an error is logged once, with its code, its cause and the request id", async (t) => {
  const { lines, logger } = captureLog();
  const origin = await originServer(t);
  origin.files.set("video.siedd", { bytes: syntheticAsset(SMALL), etag: '"one"' });
  const root = `${origin.url}video.siedd?signature=hidden`;
  const server = await testServer(t, {}, { logger, root, originRefreshSeconds: 0, originSeconds: 60 });
  await server.get("video/info.json");
  origin.files.set("video.siedd", { bytes: syntheticAsset({ ...SMALL, seed: 2 }), etag: '"two"' });
  origin.faults = { status: 500 };
  await server.get("video/info.json");
  origin.files.delete("video.siedd");
  origin.faults = {};
  await server.get("video/info.json");
  origin.files.set("video.siedd", { bytes: syntheticAsset(SMALL), etag: '"three"' });
  origin.faults = { status: 500 };
  const response = await server.get("video/info.json");
  assert.deepEqual([response.status, response.code], [502, "origin-failed"]);
  const id = response.headers.get("x-request-id");
  await waitUntil(
    () => lines.some(({ msg, reqId }) => msg === "request completed" && reqId === id),
    "the last request is logged",
  );
  const errors = lines.filter(({ level }) => level >= 50);
  assert.deepEqual(
    errors.map(({ code, reqId }) => [code, reqId]),
    [["origin-failed", id]],
  );
  assert.match(JSON.stringify(errors), /returned status 500/);
  assert.doesNotMatch(JSON.stringify(lines), /hidden/);
});

test("a draining server fails its readiness check, and keeps serving until close() is called again", async (t) => {
  const server = await testServer(t, { video: SMALL }, { drainSeconds: 3600 });
  assert.deepEqual(JSON.parse((await server.get("readyz")).text), { status: "ready" });
  assert.equal((await server.get("readyz", { method: "HEAD" })).status, 200);
  const closed = server.close();
  const ready = await server.get("readyz");
  assert.deepEqual([ready.status, JSON.parse(ready.text).status], [503, "draining"]);
  assert.equal(ready.headers.get("cache-control"), "no-store");
  assert.equal((await server.get("healthz")).status, 200);
  assert.equal((await server.get("video/full/80,46/seg-0.m4s")).status, 200);
  await Promise.all([server.close(), closed]);
  await assert.rejects(server.get("readyz"));
});

test("the readiness check includes the application's own", async (t) => {
  let isReady = true;
  const server = await testServer(t, { video: SMALL }, { ready: () => isReady });
  assert.equal((await server.get("readyz")).status, 200);
  isReady = false;
  assert.equal((await server.get("readyz")).status, 503);
});

test("each engine has its own URLs and cache entries, and decodes the same frame", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "video.siedd"), syntheticAsset(SMALL));
  const cacheDir = await tempFolder(t);
  const frame = "video/full/80,46/frame-210.png";
  const open = (engine: "auto" | "kernel" | "onnx") => testServer(t, {}, { root, cacheDir, engine });
  const [auto, kernel, onnx] = [await open("auto"), await open("kernel"), await open("onnx")];
  const versions: string[] = [];
  const frames: Buffer[] = [];
  for (const server of [auto, kernel, onnx]) {
    versions.push(JSON.parse((await server.get("video/info.json")).text).v);
    const { body, headers, status } = await server.get(frame);
    assert.equal(status, 200);
    frames.push(await sharp(body).raw().toBuffer());
    versions.push(headers.get("etag") ?? "");
    await waitUntil(
      async () => (await readdir(cacheDir)).some((name) => ENTRY.test(name)),
      "the entry is on disk",
    );
  }
  assert.deepEqual(versions.slice(0, 2), versions.slice(2, 4), "auto is the kernel for the tile profile");
  assert.notEqual(versions[4], versions[2]);
  assert.notEqual(versions[5], versions[3]);
  // All three share the disk cache: the kernel's frame is reused, and onnxruntime decodes its own.
  assert.deepEqual([auto.work.length, kernel.work.length, onnx.work.length], [1, 0, 1]);
  const maxDifference = frames[1]!.reduce(
    (max, value, i) => Math.max(max, Math.abs(value - frames[2]![i]!)),
    0,
  );
  assert.ok(maxDifference <= 1, `differs by ${maxDifference} of 255`);
});
