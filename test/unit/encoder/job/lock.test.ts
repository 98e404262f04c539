import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Checkpoints } from "../../../../encoder/job/checkpoints.js";
import { tempFolder } from "../../../support/temp-folder.js";

test("two encodes of one asset do not mix: the second is refused while the first is at work", async (t) => {
  const output = join(await tempFolder(t), "video.siedd");
  const first = await Checkpoints.open(output, { seed: 0 }, false);
  for (const resume of [false, true]) {
    await assert.rejects(
      Checkpoints.open(output, { seed: 1 }, resume),
      /^EncoderError: another encode \(process \d+\) is at work in \S+video\.siedd\.work; wait for its end, or give/,
    );
  }
  await first.release();
  await assert.rejects(Checkpoints.open(output, { seed: 1 }, true), /belong to another video or to other/);
  const second = await Checkpoints.open(output, { seed: 1 }, false);
  await second.remove();
  await second.release();
});

test("an encode of another process keeps its folder while it lives, and not once it was killed", async (t) => {
  const output = join(await tempFolder(t), "video.siedd");
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await once(child, "spawn");
  await mkdir(`${output}.work`);
  const claim = JSON.stringify({ pid: child.pid, host: hostname() });
  await writeFile(join(`${output}.work`, "claim"), claim);
  await writeFile(join(`${output}.work`, "encode.json"), "{}");
  await assert.rejects(
    Checkpoints.open(output, {}, true),
    new RegExp(`\\(process ${child.pid}\\) is at work`),
  );
  child.kill("SIGKILL");
  await once(child, "close");
  const resumed = await Checkpoints.open(output, {}, true);
  assert.deepEqual((await readdir(resumed.folder)).sort(), ["claim", "encode.json"]);
  await resumed.release();
  assert.deepEqual(await readdir(resumed.folder), ["encode.json"]);
});
