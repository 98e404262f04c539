import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { runningEncoders } from "../../../media/segments/segment-encoder.js";
import { ServeError, serve } from "../../../server/index.js";
import { remaining } from "../../support/child-processes.js";
import { segmentsOf, type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { until } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

/** Video of which segment 1 takes seconds even on a fast machine, at 1600 x 900. */
const LONG = { ...SMALL, groups: [1, 200] };

/** Asks for a path. Returns what hangs up. */
function ask(server: TestServer, path: string): () => Promise<void> {
  const asked = request(`${server.url}${path}`, () => {});
  const closed = new Promise<void>((resolve) => asked.once("close", resolve));
  asked.on("error", () => {});
  asked.end();
  return () => {
    asked.destroy();
    return closed;
  };
}

const health = async (server: TestServer) => JSON.parse((await server.get("healthz")).text);

/** Waits until so many answers are being computed and so many wait. */
const untilBusy = (server: TestServer, running: number, waiting: number) =>
  until(async () => {
    const now = await health(server);
    return now.running === running && now.waiting === waiting;
  }, `${running} are computed, ${waiting} wait`);

test("a closed connection ends its decode and its ffmpeg, and its place in the queue", async (t) => {
  const server = await testServer(t, { video: LONG }, { concurrency: 2 });
  const [first, second, third] = [0, 2, 4].map(
    (more) => () => ask(server, `video/full/%5E${1600 + more},900/seg-1.m4s`),
  );
  const hangUps = [first!()];
  await untilBusy(server, 1, 0);
  hangUps.push(second!());
  await untilBusy(server, 2, 0);
  hangUps.push(third!());
  await untilBusy(server, 2, 1);
  await hangUps[2]!();
  await untilBusy(server, 2, 0);
  await hangUps[1]!();
  await until(() => runningEncoders() > 0, "ffmpeg runs");
  await hangUps[0]!();
  await untilBusy(server, 0, 0);
  assert.equal(runningEncoders(), 0);
  assert.equal(await remaining("ffmpeg"), 0);
  assert.deepEqual(server.work, []);
  assert.deepEqual(await health(server), { status: "ok", running: 0, waiting: 0 });
});

test("a closed connection does not end what another one waits for", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, groups: [1, 60] } });
  const path = "video/full/%5E640,360/seg-1.m4s";
  const hangUp = ask(server, path);
  await untilBusy(server, 1, 0);
  const answered = server.get(path);
  await until(
    async () => /from="shared"\} 1$/m.test((await server.get("metrics")).text),
    "both wait for one work",
  );
  await hangUp();
  assert.equal((await answered).status, 200);
  assert.deepEqual(segmentsOf(server.work), [1]);
});

test("past its queue the server says 503 with Retry-After, and serves on", async (t) => {
  const server = await testServer(t, { video: LONG }, { concurrency: 1, maxQueue: 1, clientJobs: 0 });
  const runs = ask(server, "video/full/%5E1600,900/seg-1.m4s");
  await untilBusy(server, 1, 0);
  const waits = ask(server, "video/full/%5E1598,900/seg-1.m4s");
  await untilBusy(server, 1, 1);
  const sizes = [160, 158, 156, 154];
  const answers = await Promise.all(sizes.map((width) => server.get(`video/full/${width},90/seg-0.m4s`)));
  for (const { status, code, headers } of answers) {
    assert.deepEqual([status, code, headers.get("cache-control")], [503, "busy", "no-store"]);
    assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/);
  }
  await Promise.all([runs(), waits()]);
  await untilBusy(server, 0, 0);
  assert.equal((await server.get("video/full/160,90/seg-0.m4s")).status, 200);
});

test("closing leaves no ffmpeg, even with segments under way", async (t) => {
  const server = await testServer(t, { video: LONG }, { closeSeconds: 0.1 });
  const pending = server.get("video/full/%5E1600,900/seg-1.m4s").catch((error: unknown) => error);
  await until(() => runningEncoders() > 0, "ffmpeg runs");
  await server.close();
  assert.equal(runningEncoders(), 0);
  assert.equal(await remaining("ffmpeg"), 0);
  const answer = (await pending) as { status?: number };
  assert.ok(answer instanceof Error || answer.status === 503);
});

test("a server that is killed takes its ffmpeg with it", async (t) => {
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
  const lost = fetch(`${url}video/full/%5E1600,900/seg-1.m4s`).then(
    () => "answered",
    () => "lost",
  );
  const pid = await encoderBelow(child.pid ?? 0);
  child.kill("SIGKILL");
  assert.equal(await lost, "lost");
  await until(() => hasEnded(pid), "its ffmpeg has ended");
});

/** Process id of the first ffmpeg that is a child of `parent`, as soon as there is one. */
async function encoderBelow(parent: number): Promise<string> {
  let found: string | undefined;
  const look = async () => {
    for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
      const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      if (status.startsWith(`${pid} (ffmpeg) `) && status.split(" ")[3] === `${parent}`) found = pid;
    }
    return found !== undefined;
  };
  await until(look, "an ffmpeg runs below the server");
  return found!;
}

/** Whether a process is gone, or dead where nobody has asked for its exit code yet. */
const hasEnded = async (pid: string): Promise<boolean> =>
  /^\d+ \(ffmpeg\) Z/.test(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "0 (ffmpeg) Z"));

test("on SIGTERM the command takes no more, ends what is under way, and leaves no ffmpeg", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "video.siedd"), syntheticAsset({ ...SMALL, groups: [50] }));
  const command = new URL("../../../cli/main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [command, "serve", root, "--port", "0", "--close-seconds", "300"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\S+/.exec(`${said}`)?.[0];
  const answer = fetch(`${url}video/full/%5E960,540/seg-0.m4s`);
  const pid = await encoderBelow(child.pid ?? 0);
  child.kill("SIGTERM");
  const response = await answer;
  assert.equal(response.status, 200);
  assert.ok((await response.arrayBuffer()).byteLength > 1000);
  assert.deepEqual(await exit, [0, null]);
  assert.equal(await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "gone"), "gone");
});

test("a port in use is one clear sentence", async (t) => {
  const server = await testServer(t, { video: SMALL });
  await assert.rejects(serve({ root: server.root, port: server.port }), (error) => {
    assert.ok(error instanceof ServeError);
    assert.equal(error.code, "port-in-use");
    assert.match(error.message, new RegExp(`port ${server.port} of 127.0.0.1 is in use`));
    return true;
  });
});
