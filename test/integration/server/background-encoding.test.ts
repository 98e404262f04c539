import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { ServeOptions } from "../../../server/index.js";
import { grayClip } from "../../support/gray-clips.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { forkServer, type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { removeFolder, tempFolder } from "../../support/temp-folder.js";
import { isRunning, type RunningProcess, trainingProcesses } from "../../support/training-processes.js";
import { waitUntil } from "../../support/wait-until.js";

/** A short encode. */
const SHORT = { preset: "draft", steps: 20, phase1Steps: 20, points: 64, minPsnr: 0, workers: 1 } as const;
/** An encode that does not end by itself. */
const ENDLESS = { ...SHORT, steps: 1_000_000, phase1Steps: 1_000_000 } as const;
const eager = (options: Partial<ServeOptions> = {}): Partial<ServeOptions> => ({
  encode: "eager",
  encodeOptions: SHORT,
  ...options,
});

let folder: string;
/** One second at 25 frames per second. */
let short: string;
/** Eight seconds: several groups, and more frames than the encoder and the pipe to it hold. */
let long: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  short = join(folder, "short.mkv");
  long = join(folder, "long.mkv");
  await Promise.all([grayClip("25", 25, short), grayClip("25", 200, long)]);
});
after(() => removeFolder(folder));

const infoOf = async (server: TestServer, id: string) =>
  JSON.parse((await server.get(`${encodeURIComponent(id)}/info.json`)).text);
const isAsset = async (server: TestServer, id: string) => (await infoOf(server, id)).backend === "asset";
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
/** Returns the names of the checkpoints in a folder of videos, and of their folders. */
const readWork = async (root: string): Promise<string[]> =>
  (await readdir(join(root, ".siedd/work"), { recursive: true }).catch(() => [])).sort();
const areStopped = (processes: readonly RunningProcess[]) =>
  processes.length > 0 && processes.every(({ state }) => state === "T");

/** Adds a source at once, as a move does: a copy would be trained only after its last write. */
async function add(server: TestServer, name: string, video = short): Promise<string> {
  const path = join(server.root, name);
  await mkdir(join(path, ".."), { recursive: true });
  await copyFile(video, join(server.root, ".part"));
  await rename(join(server.root, ".part"), path);
  return path;
}

// Alone, because it looks at all processes that train.
test("in idle, training stops while a render job runs and for two seconds after", async (t) => {
  const server = await testServer(t, {}, { encode: "idle", encodeOptions: ENDLESS });
  await add(server, "video.mkv", long);
  // Cached from now on.
  const cached = "video/full/64,36/seg-0.m4s";
  assert.equal((await server.get(cached)).status, 200);
  await waitUntil(() => trainingProcesses().length >= 2, "training reads frames");
  await waitUntil(() => trainingProcesses().every(({ state }) => state !== "T"), "training runs");
  for (const path of [
    "video/info.json",
    "video/full/64,36/index.m3u8",
    "video/master.m3u8",
    cached,
    "healthz",
    "",
  ]) {
    assert.equal((await server.get(path)).status, 200, path);
    await sleep(20);
    assert.ok(!trainingProcesses().some(({ state }) => state === "T"), `${path} is no load`);
  }
  assert.equal((await infoOf(server, "video")).encoding.yielding, false);

  let response: Promise<unknown> | undefined = server.get("video/full/%5E1280,720/seg-4.m4s").then(() => {
    response = undefined;
  });
  await waitUntil(() => areStopped(trainingProcesses()), "training and its ffmpeg are stopped");
  assert.ok(response !== undefined, "stopped before the segment was ready");
  await response;
  const ready = performance.now();
  assert.equal((await infoOf(server, "video")).encoding.yielding, true);
  await sleep(1500);
  assert.ok(areStopped(trainingProcesses()));
  await waitUntil(() => trainingProcesses().every(({ state }) => state !== "T"), "training goes on");
  assert.ok(performance.now() - ready > 1950, `${performance.now() - ready} ms`);
  assert.ok(performance.now() - ready < 6000, `${performance.now() - ready} ms`);
});

// Alone, because it sets the clock forward.
test("an encode whose process was killed goes on ten minutes later", async (t) => {
  const server = await testServer(t, {}, eager({ encodeOptions: ENDLESS }));
  await add(server, "video.mkv", long);
  const encoding = async () => (await infoOf(server, "video")).encoding;
  await waitUntil(() => trainingProcesses().length > 0, "training runs");
  process.kill(trainingProcesses()[0]!.pid, "SIGKILL");
  await waitUntil(async () => (await encoding()).state === "failed", "its failure is known");
  const { message } = await encoding();
  assert.match(message, /^the encoder was killed by SIGKILL, .*free some memory and try again/);
  assert.equal((await server.get("video/full/64,36/seg-1.m4s")).status, 200);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 11 * 60_000 });
  await waitUntil(async () => (await encoding()).state === "training", "the encode goes on");
});

describe("background encoding", { concurrency: 4 }, () => {
  test("trains the most watched source first, then the shortest, then the oldest", async (t) => {
    const server = await testServer(t, {}, eager());
    const medium = join(folder, "medium.mkv");
    await grayClip("25", 50, medium);
    await add(server, "1 older.mkv", medium);
    await add(server, "2 watched.mkv", long);
    await add(server, "3 short.mkv", short);
    await add(server, "0 newer.mkv", medium);
    const ids = ["2 watched", "3 short", "1 older", "0 newer"];
    for (const id of ids) assert.equal((await infoOf(server, id)).encoding.state, "waiting", id);
    assert.equal((await server.get("2%20watched/full/64,36/seg-1.m4s")).status, 200);
    const trained: string[] = [];
    await waitUntil(async () => {
      for (const { id, backend } of JSON.parse((await server.get("")).text).assets)
        if (backend === "asset" && !trained.includes(id)) trained.push(id);
      return trained.length === 4;
    }, "all are trained");
    assert.deepEqual(trained, ids);
  });

  test("a killed server leaves no process, and another one goes on with its video", async (t) => {
    const root = await tempFolder(t);
    await copyFile(long, join(root, "video.mkv"));
    const encodeOptions = { ...SHORT, steps: 1500 };
    const { child: first } = await forkServer(t, { root, port: 0, encode: "eager", encodeOptions });
    const finishedAnchor = async () => (await readWork(root)).find((name) => name.endsWith(".weights"));
    await waitUntil(async () => (await finishedAnchor()) !== undefined, "an anchor is finished");
    const checkpoint = join(root, ".siedd/work", `${await finishedAnchor()}`);
    const { mtimeMs } = await stat(checkpoint);
    const visible = (await readdir(root)).filter((name) => !name.startsWith("."));
    assert.deepEqual(visible, ["video.mkv"]);
    const training = trainingProcesses(first.pid);
    assert.ok(training.length > 0);
    // Stopped processes cannot notice that their parent has ended.
    for (const { pid } of training) process.kill(pid, "SIGSTOP");

    // The lock keeps others from the same video, which is no failure.
    const second = await testServer(t, {}, { root, ...eager({ encodeOptions }) });
    await sleep(7000);
    assert.deepEqual((await infoOf(second, "video")).encoding, { state: "waiting" });
    assert.ok(training.every(({ pid }) => isRunning(pid)));

    first.kill("SIGKILL");
    await waitUntil(() => !training.some(({ pid }) => isRunning(pid)), "no process is left");
    let lastModified: number | undefined;
    await waitUntil(async () => {
      lastModified = (await stat(checkpoint).catch(() => undefined))?.mtimeMs ?? lastModified;
      return isAsset(second, "video");
    }, "the other server finishes it");
    assert.equal(lastModified, mtimeMs, "the finished anchor was kept");
  });

  test("without setpriv, a killed server leaves no process either", async (t) => {
    const root = await tempFolder(t);
    const commands = await tempFolder(t);
    for (const name of ["sh", "nice", "true", "ffmpeg", "ffprobe"]) {
      const { stdout } = await promisify(execFile)("sh", ["-c", `command -v ${name}`]);
      // `true` may be a command of the shell only.
      await symlink(stdout.startsWith("/") ? stdout.trim() : `/bin/${name}`, join(commands, name));
    }
    await copyFile(long, join(root, "video.mkv"));
    const options: ServeOptions = { root, port: 0, encode: "eager", encodeOptions: ENDLESS };
    const { child: server } = await forkServer(t, options, undefined, { ...process.env, PATH: commands });
    await waitUntil(() => trainingProcesses(server.pid).length >= 2, "training reads frames");
    const training = trainingProcesses(server.pid);
    for (const { pid } of training) process.kill(pid, "SIGSTOP");
    server.kill("SIGKILL");
    await waitUntil(() => !training.some(({ pid }) => isRunning(pid)), "no process is left");
  });

  test("a source is deleted only if its asset has its tracks and its quality", async (t) => {
    const lines: string[] = [];
    const logger = {
      level: "info",
      stream: { write: (line: string) => void lines.push(JSON.parse(line).msg) },
    };
    const server = await testServer(t, {}, {
      ...eager({ encodeOptions: { ...SHORT, steps: 300, minPsnr: 20 }, afterEncode: "delete" }),
      logger,
    } as Partial<ServeOptions>);
    const noise = join(folder, "noise.mkv");
    const twoTracks = join(folder, "tracks.mkv");
    await ffmpeg(...lavfi("nullsrc=s=64x36:r=25:d=1,geq=random(1)*255:128:128"), "-c:v", "ffv1", noise);
    await ffmpeg("-i", short, "-i", short, "-map", "0:v", "-map", "1:v", "-c", "copy", twoTracks);
    const good = await add(server, "good.mkv");
    const { size } = await stat(good);
    const kept = [await add(server, "noise.mkv", noise), await add(server, "tracks.mkv", twoTracks)];
    for (const id of ["good", "noise", "tracks"])
      await waitUntil(() => isAsset(server, id), `${id} is encoded`);
    await waitUntil(async () => !(await exists(good)), "the source is deleted");
    await waitUntil(
      () => lines.filter((line) => line.includes("the source is kept")).length === 2,
      "two are kept",
    );
    for (const path of kept) assert.ok(await exists(path), path);
    assert.ok(
      lines.some((line) => line.startsWith(`source deleted, which frees ${size} bytes: `)),
      lines.join("\n"),
    );
    assert.ok(
      lines.some((line) => /^the source is kept: the asset has [\d.]+ dB, and minPsnr is 20 dB$/.test(line)),
    );
    assert.ok(lines.includes("the source is kept: the asset lacks one of its tracks"));
    assert.equal((await server.get("good/full/64,36/seg-1.m4s")).status, 200);
  });

  test("sources that change, disappear, grow or have odd names have one state each", async (t) => {
    const server = await testServer(t, {}, eager({ encodeOptions: { ...SHORT, steps: 100 } }));
    const names = ["50%", "a#b?c", `it's "quoted"`, "e\u0301te\u0301"];
    for (const name of names) await add(server, `${name}.mkv`);
    await add(server, "line\nbreak.mkv");
    await writeFile(await add(server, "broken.mkv"), "no video, but long enough to be looked at".repeat(20));
    // A copy that takes longer than a file that is complete has to rest.
    const bytes = await readFile(long);
    const copy = join(server.root, "copied.mkv");
    const copying = (async () => {
      for (let part = 0; part < 8; part++, await sleep(1000))
        await appendFile(copy, bytes.subarray((bytes.length * part) / 8, (bytes.length * (part + 1)) / 8));
    })();
    const copyStates = new Set<string>();
    while ((await Promise.race([copying.then(() => "done"), sleep(200)])) !== "done") {
      const { error, encoding, backend } = await infoOf(server, "copied");
      copyStates.add(error?.code ?? encoding?.state ?? backend);
    }
    assert.deepEqual(
      [...copyStates].filter((state) => !["asset-incomplete", "waiting"].includes(state)),
      [],
    );
    for (const id of names.map((name) => name.normalize())) {
      await waitUntil(() => isAsset(server, id), `${id} is encoded`);
      assert.equal((await server.get(`${encodeURIComponent(id)}/full/64,36/seg-1.m4s`)).status, 200, id);
    }
    await waitUntil(() => isAsset(server, "copied"), "the copy is encoded");
    assert.equal((await infoOf(server, "copied")).frameCount, 200);

    const { problems, assets } = JSON.parse((await server.get("")).text);
    assert.deepEqual(problems.map(({ file }: { file: string }) => file).sort(), [
      "broken.mkv",
      "line\nbreak.mkv",
    ]);
    for (const { message } of problems)
      assert.ok(!message.includes(server.root) && message.length < 300, message);
    assert.deepEqual(
      assets.map(({ id, backend }: { id: string; backend: string }) => [id, backend]).sort(),
      [...names.map((name) => name.normalize()), "copied"].sort().map((id) => [id, "asset"]),
    );

    // Another video in place of a trained one.
    const changed = join(folder, "changed.mkv");
    await grayClip("25", 30, changed);
    await add(server, "50%.mkv", changed);
    assert.equal((await infoOf(server, "50%")).backend, "source");
    await waitUntil(async () => {
      const { backend, frameCount } = await infoOf(server, "50%");
      return backend === "asset" && frameCount === 30;
    }, "the changed source is encoded");
  });

  test("sources with the name of another video get an asset of their own, and nothing is overwritten", async (t) => {
    const other = syntheticAsset({ width: 64, height: 36, groups: [25] });
    const server = await testServer(t, { movie: other, "Movie.mp4": other }, eager());
    const names = ["movie.mkv", "Movie.mp4", "clip.mkv", "clip.mp4", "e\u0301.mkv", "\u00e9.mkv"];
    for (const name of names) await add(server, name);
    const ids = ["Movie", "Movie.mp4", "clip.mkv", "clip.mp4", "movie", "movie.mkv", "\u00e9.mkv"];
    const listing = async () => JSON.parse((await server.get("")).text);
    await waitUntil(
      async () => (await listing()).assets.every(({ backend }: { backend: string }) => backend === "asset"),
      "all are encoded",
    );
    const { assets, problems } = await listing();
    assert.deepEqual(
      assets.map(({ id }: { id: string }) => id),
      ids,
    );
    assert.deepEqual(problems, [{ file: "e\u0301.mkv", message: "duplicate name; rename the file" }]);
    for (const id of ["movie", "Movie.mp4"])
      assert.deepEqual(await readFile(join(server.root, `${id}.siedd`)), Buffer.from(other), id);
  });

  test("pauses, cancels and other presets outlive the server", async (t) => {
    const root = await tempFolder(t);
    for (const id of ["a", "b", "c"]) await copyFile(short, join(root, `${id}.mkv`));
    const control = async (server: TestServer, action: string) => {
      const { status, text } = await server.get(`player/encode/${action}`, { method: "POST" });
      assert.equal(status, 200, text);
      return JSON.parse(text).encoding;
    };
    const first = await testServer(t, {}, { root, ...eager({ encodeOptions: ENDLESS }) });
    assert.equal((await control(first, "pause/a")).state, "paused");
    assert.equal((await control(first, "cancel/b")).state, "canceled");
    await first.close();

    const second = await testServer(t, {}, { root, ...eager() });
    await waitUntil(() => isAsset(second, "c"), "the other one is encoded");
    assert.deepEqual((await infoOf(second, "a")).encoding, { state: "paused", done: 0 });
    assert.deepEqual((await infoOf(second, "b")).encoding, { state: "canceled" });
    await control(second, "resume/a");
    await waitUntil(() => isAsset(second, "a"), "the resumed one is encoded");
    assert.deepEqual((await infoOf(second, "b")).encoding, { state: "canceled" });
    await second.close();

    const third = await testServer(t, {}, { root, ...eager({ encode: "off" }) });
    assert.equal((await infoOf(third, "b")).encoding, undefined);
  });

  test("a source that is removed while it plays or is in training leaves nothing behind", async (t) => {
    const server = await testServer(t, {}, eager({ encodeOptions: ENDLESS }));
    const removed = await add(server, "removed.mkv", long);
    await waitUntil(async () => (await readWork(server.root)).length > 0, "it is in training");
    assert.equal((await server.get("removed/full/64,36/seg-0.m4s")).status, 200);
    const [work] = await readWork(server.root);
    const next = await add(server, "next.mkv");
    await rm(removed);
    const { status, code } = await server.get("removed/full/64,36/seg-1.m4s");
    assert.deepEqual([status, code], [404, "unknown-asset"]);
    await waitUntil(
      async () => (await infoOf(server, "next")).encoding.state === "training",
      "the next is in training",
    );
    assert.ok(!(await readWork(server.root)).includes(work!));
    assert.ok(!(await exists(join(server.root, ".removed.siedd.lock"))));
    assert.ok(await exists(next));
  });

  test("training that fills the disk goes on when space is free, and everything else plays", async (t) => {
    const root = await mkdtemp(join(folder, "disk-"));
    const run = promisify(execFile);
    try {
      await run("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", root]);
    } catch (error) {
      t.skip(`cannot mount a small file system: ${(error as Error).message.split("\n").at(-2)}`);
      return;
    }
    t.after(() => run("umount", ["-l", root]));
    await copyFile(short, join(root, "video.mkv"));
    await writeFile(join(root, "filler"), Buffer.alloc(2 ** 21)).catch(() => {});
    const server = await testServer(t, {}, { root, ...eager() });
    await waitUntil(
      async () => (await infoOf(server, "video")).encoding.state === "failed",
      "the disk is full",
    );
    const { message } = (await infoOf(server, "video")).encoding;
    assert.match(message, /^cannot write checkpoints\S*: the disk is full; free some space and try again$/);
    assert.equal((await server.get("video/full/64,36/seg-1.m4s")).status, 200);
    await rm(join(root, "filler"));
    await waitUntil(() => isAsset(server, "video"), "the encode goes on");
    assert.deepEqual(await readWork(root), []);
  });
});
