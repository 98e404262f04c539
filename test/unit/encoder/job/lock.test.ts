import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Checkpoints } from "../../../../encoder/job/checkpoints.js";
import { LOCK_FILE_NAME } from "../../../../encoder/job/lock.js";
import { tempFolder } from "../../../support/temp-folder.js";

test("rejects a second encode to the same output while the first runs", async (t) => {
  const output = join(await tempFolder(t), "video.siedd");
  const first = await Checkpoints.open(output, { seed: 0 }, false);
  for (const resume of [false, true]) {
    await assert.rejects(
      Checkpoints.open(output, { seed: 1 }, resume),
      /^EncoderError: another encode \(process \d+\) is using \S+video\.siedd\.work; wait until it ends, or choose/,
    );
  }
  await first.release();
  await assert.rejects(Checkpoints.open(output, { seed: 1 }, true), /belong to another video or to other/);
  const second = await Checkpoints.open(output, { seed: 1 }, false);
  await second.remove();
  await second.release();
});

test("respects the lock of a running process, and replaces it after the process was killed", async (t) => {
  const output = join(await tempFolder(t), "video.siedd");
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "spawn");
  await mkdir(`${output}.work`);
  const lock = JSON.stringify({ pid: child.pid, host: hostname() });
  await writeFile(join(`${output}.work`, LOCK_FILE_NAME), lock);
  await writeFile(join(`${output}.work`, "encode.json"), "{}");
  await assert.rejects(Checkpoints.open(output, {}, true), new RegExp(`\\(process ${child.pid}\\) is using`));
  child.kill("SIGKILL");
  await once(child, "close");
  const resumed = await Checkpoints.open(output, {}, true);
  assert.deepEqual((await readdir(resumed.folder)).sort(), ["encode.json", LOCK_FILE_NAME]);
  await resumed.release();
  assert.deepEqual(await readdir(resumed.folder), ["encode.json"]);
});
