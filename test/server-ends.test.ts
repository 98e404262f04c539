import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runningEncoders } from "../media/h264.js";
import { ServeError, serve } from "../server/index.js";
import { remaining } from "./child-processes.js";
import { segmentsOf, testServer } from "./running-server.js";
import { syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

/** Asks for a path and hangs up after some milliseconds. */
function hangUp(url: string, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const asked = request(url, () => {});
    asked.on("error", () => resolve());
    asked.on("close", () => resolve());
    asked.end();
    setTimeout(() => asked.destroy(), milliseconds);
  });
}

test("a closed connection ends its decode and its ffmpeg", async (t) => {
  const server = await testServer(t, { film: { ...SMALL, groups: [1, 200] } });
  await Promise.all(
    [40, 120, 200].map((wait, i) => hangUp(`${server.url}film/full/%5E${1600 + 2 * i},900/seg-1.m4s`, wait)),
  );
  for (let i = 0; i < 100 && runningEncoders() > 0; i++) await sleep(20);
  assert.equal(runningEncoders(), 0);
  assert.equal(await remaining("ffmpeg"), 0);
  assert.deepEqual(server.work, []);
  const health = JSON.parse((await server.get("healthz")).text);
  assert.deepEqual(health, { status: "ok", running: 0, waiting: 0 });
});

test("a closed connection does not end what another one waits for", async (t) => {
  const server = await testServer(t, { film: { ...SMALL, groups: [1, 60] } });
  const path = "film/full/%5E640,360/seg-1.m4s";
  const gone = hangUp(server.url + path, 60);
  const answer = await server.get(path);
  await gone;
  assert.equal(answer.status, 200);
  assert.deepEqual(segmentsOf(server.work), [1]);
});

test("past its queue the server says 503 with Retry-After, and serves on", async (t) => {
  const options = { concurrency: 1, maxQueue: 1, clientJobs: 0 };
  const server = await testServer(t, { film: { ...SMALL, groups: [25] } }, options);
  const sizes = [160, 158, 156, 154, 152, 150];
  const answers = await Promise.all(sizes.map((width) => server.get(`film/full/${width},90/seg-0.m4s`)));
  const busy = answers.filter((answer) => answer.status === 503);
  assert.equal(busy.length, sizes.length - 2);
  for (const { code, headers } of busy) {
    assert.deepEqual([code, headers.get("cache-control")], ["busy", "no-store"]);
    assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  }
  assert.equal((await server.get("film/full/150,90/seg-0.m4s")).status, 200);
});

test("closing leaves no ffmpeg, even with segments under way", async (t) => {
  const server = await testServer(t, { film: { ...SMALL, groups: [1, 200] } }, { closeSeconds: 0.1 });
  const pending = server.get("film/full/%5E1600,900/seg-1.m4s").catch((error: unknown) => error);
  for (let i = 0; i < 2000 && runningEncoders() === 0; i++) await sleep(5);
  await server.close();
  assert.equal(runningEncoders(), 0);
  assert.equal(await remaining("ffmpeg"), 0);
  const answer = (await pending) as { status?: number };
  assert.ok(answer instanceof Error || answer.status === 503);
});

test("a server that is killed takes its ffmpeg with it", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "film.siedd"), syntheticAsset({ ...SMALL, groups: [1, 200] }));
  const program = `
    import { serve } from ${JSON.stringify(new URL("../server/index.js", import.meta.url).href)};
    const server = await serve({ root: ${JSON.stringify(root)}, port: 0 });
    process.stdout.write(server.url);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [url] = (await once(child.stdout, "data")) as [Buffer];
  const lost = fetch(`${url}film/full/%5E1600,900/seg-1.m4s`).then(
    () => "answered",
    () => "lost",
  );
  let pid: string | undefined;
  for (let i = 0; i < 1000 && pid === undefined; i++) {
    pid = await encoderBelow(child.pid ?? 0);
    await sleep(10);
  }
  assert.ok(pid !== undefined);
  child.kill("SIGKILL");
  assert.equal(await lost, "lost");
  const alive = () => stat(`/proc/${pid}`).then(isNotZombie(pid), () => false);
  for (let i = 0; i < 100 && (await alive()); i++) await sleep(20);
  assert.equal(await alive(), false);
});

/** Process id of an ffmpeg that is a child of `parent`. */
async function encoderBelow(parent: number): Promise<string | undefined> {
  for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (status.startsWith(`${pid} (ffmpeg) `) && status.split(" ")[3] === `${parent}`) return pid;
  }
  return undefined;
}

const isNotZombie = (pid: string) => async () =>
  !/^\d+ \(ffmpeg\) Z/.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "0 (ffmpeg) Z"));

test("on SIGTERM the command takes no more, ends what is under way, and leaves no ffmpeg", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "film.siedd"), syntheticAsset({ ...SMALL, groups: [50] }));
  const command = new URL("../cli/main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [command, "serve", root, "--port", "0", "--close-seconds", "20"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(`${said}`)?.[0];
  const answer = fetch(`${url}film/full/%5E960,540/seg-0.m4s`);
  let pid: string | undefined;
  for (let i = 0; i < 1000 && pid === undefined; i++, await sleep(5))
    pid = await encoderBelow(child.pid ?? 0);
  assert.ok(pid !== undefined);
  child.kill("SIGTERM");
  const response = await answer;
  assert.equal(response.status, 200);
  assert.ok((await response.arrayBuffer()).byteLength > 1000);
  assert.deepEqual(await exit, [0, null]);
  assert.equal(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone"), "gone");
});

test("a port in use is one clear sentence", async (t) => {
  const server = await testServer(t, { film: SMALL });
  await assert.rejects(serve({ root: server.root, port: server.port }), (error) => {
    assert.ok(error instanceof ServeError);
    assert.equal(error.code, "port-in-use");
    assert.match(error.message, new RegExp(`port ${server.port} of 127.0.0.1 is in use`));
    return true;
  });
});
