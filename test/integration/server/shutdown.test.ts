import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { runningEncoders } from "../../../media/segments/segment-encoder.js";
import { ServeError, serve } from "../../../server/index.js";
import { remainingProcesses } from "../../support/child-processes.js";
import { segmentIndexes, type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

/** A video whose segment 1 takes seconds to compute at 1600x900, even on a fast machine. */
const LONG = { ...SMALL, groups: [1, 200] };

/** Requests a path. Returns a function that closes the connection. */
function startRequest(server: TestServer, path: string): () => Promise<void> {
  const clientRequest = request(`${server.url}${path}`, () => {});
  const closed = new Promise<void>((resolve) => clientRequest.once("close", resolve));
  clientRequest.on("error", () => {});
  clientRequest.end();
  return () => {
    clientRequest.destroy();
    return closed;
  };
}

const health = async (server: TestServer) => JSON.parse((await server.get("healthz")).text);

/** Waits until `running` jobs run and `waiting` jobs wait. */
const untilBusy = (server: TestServer, running: number, waiting: number) =>
  waitUntil(async () => {
    const state = await health(server);
    return state.running === running && state.waiting === waiting;
  }, `${running} jobs run, ${waiting} wait`);

test("closing a connection aborts its decoding and its ffmpeg, or removes its job from the queue", async (t) => {
  const server = await testServer(t, { video: LONG }, { concurrency: 2 });
  const [first, second, third] = [0, 2, 4].map(
    (extra) => () => startRequest(server, `video/full/%5E${1600 + extra},900/seg-1.m4s`),
  );
  const disconnects = [first!()];
  await untilBusy(server, 1, 0);
  disconnects.push(second!());
  await untilBusy(server, 2, 0);
  disconnects.push(third!());
  await untilBusy(server, 2, 1);
  await disconnects[2]!();
  await untilBusy(server, 2, 0);
  await disconnects[1]!();
  await waitUntil(() => runningEncoders() > 0, "ffmpeg runs");
  await disconnects[0]!();
  await untilBusy(server, 0, 0);
  assert.equal(runningEncoders(), 0);
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  assert.deepEqual(server.work, []);
  assert.deepEqual(await health(server), { status: "ok", running: 0, waiting: 0 });
});

test("closing a connection does not abort a job that another request waits for", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, groups: [1, 60] } });
  const path = "video/full/%5E640,360/seg-1.m4s";
  const disconnect = startRequest(server, path);
  await untilBusy(server, 1, 0);
  const response = server.get(path);
  await waitUntil(
    async () => /from="coalesced"\} 1$/m.test((await server.get("metrics")).text),
    "both requests share one job",
  );
  await disconnect();
  assert.equal((await response).status, 200);
  assert.deepEqual(segmentIndexes(server.work), [1]);
});

test("a full queue responds 503 with Retry-After, and later requests are served", async (t) => {
  const server = await testServer(t, { video: LONG }, { concurrency: 1, maxQueue: 1, clientJobs: 0 });
  const disconnectRunning = startRequest(server, "video/full/%5E1600,900/seg-1.m4s");
  await untilBusy(server, 1, 0);
  const disconnectWaiting = startRequest(server, "video/full/%5E1598,900/seg-1.m4s");
  await untilBusy(server, 1, 1);
  const sizes = [160, 158, 156, 154];
  const responses = await Promise.all(sizes.map((width) => server.get(`video/full/${width},90/seg-0.m4s`)));
  for (const { status, code, headers } of responses) {
    assert.deepEqual([status, code, headers.get("cache-control")], [503, "busy", "no-store"]);
    assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  }
  await Promise.all([disconnectRunning(), disconnectWaiting()]);
  await untilBusy(server, 0, 0);
  assert.equal((await server.get("video/full/160,90/seg-0.m4s")).status, 200);
});

test("closing leaves no ffmpeg running, even with segments in progress", async (t) => {
  const server = await testServer(t, { video: LONG }, { closeSeconds: 0.1 });
  const pending = server.get("video/full/%5E1600,900/seg-1.m4s").catch((error: unknown) => error);
  await waitUntil(() => runningEncoders() > 0, "ffmpeg runs");
  await server.close();
  assert.equal(runningEncoders(), 0);
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  const response = (await pending) as { status?: number };
  assert.ok(response instanceof Error || response.status === 503);
});

test("a killed server takes its ffmpeg with it", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "video.siedd"), syntheticAsset(LONG));
  const program = `
    import { serve } from ${JSON.stringify(new URL("../../../server/index.js", import.meta.url).href)};
    const server = await serve({ root: ${JSON.stringify(root)}, port: 0 });
    process.stdout.write(server.url);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [url] = (await once(child.stdout, "data")) as [Buffer];
  const outcome = fetch(`${url}video/full/%5E1600,900/seg-1.m4s`).then(
    () => "response",
    () => "connection lost",
  );
  const pid = await findChildEncoder(child.pid ?? 0);
  child.kill("SIGKILL");
  assert.equal(await outcome, "connection lost");
  await waitUntil(() => hasEnded(pid), "its ffmpeg has ended");
});

/** Waits for an ffmpeg child of `parent` and returns its process id. */
async function findChildEncoder(parent: number): Promise<string> {
  let found: string | undefined;
  const findEncoder = async () => {
    for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
      const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      if (status.startsWith(`${pid} (ffmpeg) `) && status.split(" ")[3] === `${parent}`) found = pid;
    }
    return found !== undefined;
  };
  await waitUntil(findEncoder, "the server has started ffmpeg");
  return found!;
}

/** Whether a process is gone, or a zombie. */
const hasEnded = async (pid: string): Promise<boolean> =>
  /^\d+ \(ffmpeg\) Z/.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "0 (ffmpeg) Z"));

test("on SIGTERM the command finishes the requests in progress, exits, and leaves no ffmpeg running", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "video.siedd"), syntheticAsset({ ...SMALL, groups: [50] }));
  const command = new URL("../../../cli/main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [command, "serve", root, "--port", "0", "--close-seconds", "300"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(`${output}`)?.[0];
  const pending = fetch(`${url}video/full/%5E960,540/seg-0.m4s`);
  const pid = await findChildEncoder(child.pid ?? 0);
  child.kill("SIGTERM");
  const response = await pending;
  assert.equal(response.status, 200);
  assert.ok((await response.arrayBuffer()).byteLength > 1000);
  assert.deepEqual(await exit, [0, null]);
  assert.equal(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone"), "gone");
});

test("a port in use is rejected with the port and the code port-in-use", async (t) => {
  const server = await testServer(t, { video: SMALL });
  await assert.rejects(serve({ root: server.root, port: server.port }), (error) => {
    assert.ok(error instanceof ServeError);
    assert.equal(error.code, "port-in-use");
    assert.match(error.message, /in use/);
    assert.ok(error.message.includes(`${server.port}`));
    return true;
  });
});
