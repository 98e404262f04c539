import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encode } from "../../../encoder/index.js";
import { commandLinesWith } from "../../support/child-processes.js";
import { clip } from "../../support/clips.js";
import { grayClip } from "../../support/gray-clips.js";
import { removeFolder, tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
/** Flags for a small encode: five groups and audio. */
const SMALL = ["--size", "64x36", "--preset", "draft", "--steps", "60", "--phase1-steps", "60"];

interface Encode {
  readonly child: ChildProcess;
  /** Groups reported as finished so far. */
  readonly groups: number[];
  readonly ended: Promise<unknown>;
}

/**
 * Starts or resumes an encode in a child process.
 *
 * @param killAt completed share of the encode, 0 to 1, shortly after which the process is killed; default: never
 */
function startEncode(video: string, asset: string, killAt = 2): Encode {
  const args = [COMMAND, "encode", video, "-o", asset, ...SMALL, "--workers", "2", "--resume", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 600_000 });
  const groups: number[] = [];
  let partialLine = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = `${partialLine}${chunk}`.split("\n");
    // A killed process may leave its last line incomplete.
    partialLine = lines.pop() ?? "";
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.type === "group") groups.push(event.index);
      if (event.type === "progress" && event.done >= killAt)
        setTimeout(() => child.kill("SIGKILL"), Math.random() * 150);
    }
  });
  return { child, groups, ended: once(child, "close") };
}

/** Returns the indices of the finished groups in the work folder of an asset. */
const finishedGroups = async (asset: string): Promise<number[]> =>
  (await readdir(`${asset}.work`).catch(() => [])).flatMap((name) => {
    const index = /^group-(\d+)\.decoders$/.exec(name)?.[1];
    return index === undefined ? [] : [Number(index)];
  });

test("resumes after kill -9 with identical bytes and does not retrain finished groups", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  const video = await clip("bunny");
  const uninterrupted = startEncode(video, at("uninterrupted.siedd"));
  await uninterrupted.ended;
  assert.equal(uninterrupted.child.exitCode, 0);
  const expected = await readFile(at("uninterrupted.siedd"));

  const shares = [0, 0.35, 0.7].map((min) => Number((min + 0.25 * Math.random()).toFixed(3)));
  const message = `killed at ${shares.join(", ")} of the encode`;
  const asset = at("killed.siedd");
  const trained: number[] = [];
  for (const share of [...shares, undefined]) {
    const { child, groups, ended } = startEncode(video, asset, share);
    await ended;
    trained.push(...groups);
    // The encode may end before the kill, or be killed after it has written the asset.
    if (child.exitCode === 0) break;
    assert.equal(child.signalCode, "SIGKILL", message);
    if ((await readdir(folder)).includes("killed.siedd")) {
      assert.ok((await readFile(asset)).equals(expected), message);
      trained.length = 0;
      continue;
    }
    const finished = await finishedGroups(asset);
    for (const index of trained) assert.ok(finished.includes(index), `group ${index} is on disk, ${message}`);
  }
  assert.ok(
    trained.length <= 5 && new Set(trained).size === trained.length,
    `trained ${trained}, ${message}`,
  );
  assert.ok((await readFile(asset)).equals(expected), message);
  assert.deepEqual((await readdir(folder)).sort(), ["killed.siedd", "uninterrupted.siedd"], message);
  await waitUntil(() => commandLinesWith(folder).length === 0, "all processes of the encodes have ended");
});

test("the work folder may be on another file system than the asset", async (t) => {
  const folder = await tempFolder(t);
  const shared = await mkdtemp("/dev/shm/siedd-test-").catch(() => undefined);
  if (shared === undefined || (await stat(shared)).dev === (await stat(folder)).dev) {
    t.skip("needs a second file system at /dev/shm");
    return;
  }
  t.after(() => removeFolder(shared));
  const input = join(folder, "video.mkv");
  await grayClip("25", 10, input);
  const output = join(shared, "video.siedd");
  const options = { preset: "draft", steps: 20, phase1Steps: 20, minPsnr: 0 } as const;
  const { bytes } = await encode({ ...options, input, output, workDir: join(folder, "work") });
  assert.equal((await stat(output)).size, bytes);
  assert.deepEqual(await readdir(shared), ["video.siedd"]);
  assert.deepEqual(await readdir(folder), ["video.mkv"]);
});
