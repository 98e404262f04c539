import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openAssetFile } from "../../../cli/input/asset-file.js";
import { siedd } from "../../support/command.js";
import { grayClip } from "../../support/gray-clips.js";
import { tempFolder } from "../../support/temp-folder.js";
import { trainingProcesses } from "../../support/training-processes.js";
import { waitUntil } from "../../support/wait-until.js";

const COMMAND = fileURLToPath(new URL("../../../cli/main.js", import.meta.url));

interface Watching {
  readonly process: ChildProcess;
  /** What it has written to stderr so far. */
  log(): string;
  /** Sends Ctrl-C. Returns the exit code and the lines of stdout. */
  interrupt(): Promise<{ code: number; table: readonly string[] }>;
}

function watch(running: ChildProcess[], ...args: readonly string[]): Watching {
  const process_ = spawn(process.execPath, [COMMAND, "watch", ...args, "--preset", "draft"]);
  running.push(process_);
  let [stdout, stderr] = ["", ""];
  process_.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  process_.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return {
    process: process_,
    log: () => stderr,
    interrupt: async () => {
      process_.kill("SIGINT");
      const [code] = await once(process_, "close");
      return { code, table: stdout.trim().split("\n") };
    },
  };
}

const frameCountOf = (asset: string): Promise<number | undefined> =>
  openAssetFile(asset, new AbortController().signal).then(
    (file) => file.asset.frameCount,
    () => undefined,
  );

/** Returns the path of a checkpoint below a folder; undefined if there is none. */
async function findCheckpoint(folder: string): Promise<string | undefined> {
  const names = await readdir(folder, { recursive: true });
  const name = names.find((path) => path.endsWith(".decoders"));
  return name && join(folder, name);
}

const changeTime = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );

test("watch encodes a folder with its subfolders, resumes, and shares the work with another one", async (t) => {
  const running: ChildProcess[] = [];
  t.after(() => running.map((child) => child.kill("SIGKILL")));
  const folder = await tempFolder(t);
  const [videos, assets] = [join(folder, "videos"), join(folder, "assets")];
  await mkdir(join(videos, "Season 1"), { recursive: true });
  await grayClip("25", 125, join(videos, "long.mkv"));
  await grayClip("25", 10, join(videos, "Season 1", "pilot.mp4"));
  await writeFile(join(videos, "broken.mp4"), "no video");
  await writeFile(join(videos, "line\nbreak.mp4"), "no video");

  const first = watch(running, videos, "-o", assets);
  let checkpoint: string | undefined;
  await waitUntil(async () => {
    checkpoint = await findCheckpoint(folder);
    return checkpoint !== undefined && first.log().includes("long.mkv: training groups (2/2)");
  }, "the long video has a checkpoint");
  const written = await changeTime(checkpoint!);
  const training = trainingProcesses(first.process.pid);
  assert.ok(training.length > 0);
  const { code, table } = await first.interrupt();
  assert.equal(code, 0, first.log());
  assert.deepEqual(trainingProcesses(first.process.pid), []);
  assert.match(table[0] ?? "", /^Season 1\/pilot\.mp4 +[\d.]+ kB +[\d.]+ dB +[\d.]+ bpp +\d+ s$/);
  assert.match(table[1] ?? "", /^broken\.mp4 +failed$/);
  assert.match(table[2] ?? "", /^long\.mkv +\d+% encoded$/);
  assert.equal(table[3], "1 video encoded, 0 already encoded, 1 failed, 1 not encoded yet");
  assert.match(first.log(), /^broken\.mp4 is not a video that ffmpeg can read; [^\n]+$/m);
  assert.match(first.log(), /^line\\nbreak\.mp4: the name must not contain [^\n]+; rename the file$/m);
  assert.match(first.log(), /^long\.mkv: training groups \(2\/2\): \d+%, about \d+ s left/m);
  assert.equal(await frameCountOf(join(assets, "Season 1", "pilot.siedd")), 10);
  assert.equal(await frameCountOf(join(assets, "long.siedd")), undefined);

  const both = [watch(running, videos, "-o", assets), watch(running, videos, "-o", assets)];
  await waitUntil(() => both.every(({ log }) => log().includes("press Ctrl-C")), "both have started");
  await copyFile(join(videos, "Season 1", "pilot.mp4"), join(folder, "late.mp4"));
  await rename(join(folder, "late.mp4"), join(videos, "late.mp4"));
  let lastWritten: number | undefined;
  await waitUntil(async () => {
    lastWritten = (await changeTime(checkpoint!)) ?? lastWritten;
    return (await frameCountOf(join(assets, "long.siedd"))) === 125;
  }, "the long video is encoded");
  assert.equal(lastWritten, written, "finished groups were kept");
  await waitUntil(
    async () => (await frameCountOf(join(assets, "late.siedd"))) === 10,
    "the late one is encoded",
  );
  const encoded = () => both.flatMap(({ log }) => log().match(/^\S+: \d+ frames in .*/gm) ?? []);
  await waitUntil(() => encoded().length === 2, "both report what they have encoded");
  const results = await Promise.all(both.map((watching) => watching.interrupt()));
  for (const result of results) {
    assert.equal(result.code, 0);
    assert.match(result.table[0] ?? "", /^Season 1\/pilot\.mp4 +already encoded$/);
    assert.deepEqual(
      result.table.slice(1, 4).map((line) => line.split(/ +/)[0]),
      ["broken.mp4", "late.mp4", "long.mkv"],
    );
  }
  assert.deepEqual(
    encoded()
      .map((line) => line.split(":")[0])
      .sort(),
    ["late.mp4", "long.mkv"],
  );
  const left = await readdir(assets, { recursive: true });
  assert.deepEqual(left.sort(), ["Season 1", "Season 1/pilot.siedd", "late.siedd", "long.siedd"]);
});

test("watch rejects what it cannot do before it starts", async (t) => {
  const folder = await tempFolder(t);
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const [args, code, message] of [
    [[join(folder, "missing")], 1, /missing is not a folder; pass the folder that contains your videos/],
    [[folder, "-o", file], 2, /--output must be a folder, got \S+file; choose a folder such as assets\//],
    [
      [folder, "--after-encode", "delete"],
      2,
      /--after-encode must be "keep", unless --min-psnr is set, and --size is not/,
    ],
    [["https://example.com/videos"], 2, /not a URL/],
  ] as const) {
    const result = await siedd(["watch", ...args]);
    assert.equal(result.code, code, result.stderr);
    assert.match(result.stderr, message);
  }
});
