import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFile,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runningEncoders } from "../../../media/segments/segment-encoder.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { removeFolder, tempFolder } from "../../support/temp-folder.js";
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
  const replaceBy = async (asset: Parameters<typeof syntheticAsset>[0]) => {
    await writeFile(join(folder, "new"), syntheticAsset(asset));
    await rename(join(folder, "new"), video).catch(() => copyFile(join(folder, "new"), video));
  };
  // Another video with frames at the same times.
  await replaceBy({ ...SMALL, seed: 11 });
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

/** Counts the inotify watches of this process. */
async function countWatches(): Promise<number> {
  const infos = (await readdir("/proc/self/fdinfo")).map((fd) =>
    readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => ""),
  );
  return (await Promise.all(infos)).join("").match(/^inotify /gm)?.length ?? 0;
}

/** Adds links to the first video of a folder. */
const addLinks = (root: string, count: number) =>
  Promise.all(
    Array.from({ length: count }, (_, i) => link(join(root, "video.siedd"), join(root, `video ${i}.siedd`))),
  );

test("a folder takes one watch for all of its files, and is watched again after it was moved", {
  skip: process.platform !== "linux",
}, async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "video.siedd"), syntheticAsset(SMALL));
  await addLinks(root, 30);
  const { logger, logged } = captureLog();
  const before = await countWatches();
  const server = await testServer(t, {}, { root, logger, workers: 1 });
  await logged("serving videos");
  assert.equal(await countWatches(), before + 1);
  await rename(root, `${root}-away`);
  t.after(() => removeFolder(`${root}-away`));
  await mkdir(root);
  await copyFile(join(`${root}-away`, "video.siedd"), join(root, "back.siedd"));
  await logged("back: video added");
  await rm(join(root, "back.siedd"));
  await logged("back: video removed");
  await server.close();
  assert.equal(await countWatches(), before);
});

/** Runs a command in a namespace without inotify watches. */
const WITHOUT_WATCHES = ["-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"', "-"];

function canLimitWatches(): boolean {
  try {
    execFileSync("unshare", [...WITHOUT_WATCHES, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("a server that may not watch its folder logs one line, and serves all videos", {
  skip: !canLimitWatches() && "the kernel allows no user namespaces",
}, async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "video.siedd"), syntheticAsset(SMALL));
  await addLinks(root, 30);
  const cli = fileURLToPath(new URL("../../../cli/main.js", import.meta.url));
  const args = [...WITHOUT_WATCHES, process.execPath, cli, "serve", root, "--port", "0"];
  const child = spawn("unshare", args, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill());
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => lines.push(line));
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await waitUntil(() => lines.some((line) => line.includes("serving videos")), "the server is ready");
  const warnings = lines.filter((line) => line.includes("cannot watch"));
  assert.equal(warnings.length, 1, lines.join("\n"));
  assert.match(warnings[0]!, /ENOSPC.*raise fs\.inotify\.max_user_watches.*detected on each request/);
  assert.doesNotMatch(lines.join("\n"), / {4}at |stack/);
  const [, url] = /(http:\/\/[^\s"]+)/.exec(lines.join("\n")) ?? [];
  await writeFile(join(root, "new.siedd"), syntheticAsset(SMALL));
  assert.equal((await fetch(new URL("new/info.json", url))).status, 200);
});
