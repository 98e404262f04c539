import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Checkpoints } from "../../../../encoder/job/checkpoints.js";
import { isLocked, LOCK_FILE_NAME } from "../../../../encoder/job/lock.js";
import { tempFolder } from "../../../support/temp-folder.js";

test("rejects a second encode to the same output while the first runs", async (t) => {
  const output = join(await tempFolder(t), "video.siedd");
  const first = await Checkpoints.open({ output, resume: false }, { seed: 0 });
  for (const resume of [false, true]) {
    await assert.rejects(
      Checkpoints.open({ output, resume }, { seed: 1 }),
      /^EncoderError: another encode \(process \d+\) is using \S+video\.siedd\.work; wait until it ends, or choose/,
    );
  }
  await first.release();
  await assert.rejects(
    Checkpoints.open({ output, resume: true }, { seed: 1 }),
    /belong to another video or to other/,
  );
  const second = await Checkpoints.open({ output, resume: false }, { seed: 1 });
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
  await assert.rejects(
    Checkpoints.open({ output, resume: true }, {}),
    new RegExp(`\\(process ${child.pid}\\) is using`),
  );
  child.kill("SIGKILL");
  await once(child, "close");
  const resumed = await Checkpoints.open({ output, resume: true }, {});
  assert.deepEqual((await readdir(resumed.folder)).sort(), ["encode.json", LOCK_FILE_NAME]);
  await resumed.release();
  assert.deepEqual(await readdir(resumed.folder), ["encode.json"]);
});

test("encodes of an asset exclude each other, whatever their work folders", async (t) => {
  const folder = await tempFolder(t);
  const output = join(folder, "video.siedd");
  const first = await Checkpoints.open({ output, resume: true, workDir: join(folder, "state", "1") }, {});
  assert.ok(!(await isLocked(output)), "by another process");
  await assert.rejects(
    Checkpoints.open({ output, resume: true }, {}),
    /is using \S+video\.siedd; wait until it ends/,
  );
  await first.release();
  const second = await Checkpoints.open({ output, resume: true }, {});
  await second.release();
  assert.deepEqual((await readdir(folder)).sort(), ["state", "video.siedd.work"]);
});

test("a folder with other files is not used for checkpoints", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "movie.mp4"), "");
  await assert.rejects(
    Checkpoints.open({ output: join(folder, "video.siedd"), resume: false, workDir: folder }, {}),
    /^EncoderError: workDir must be an empty folder, but \S+ contains movie\.mp4$/,
  );
  assert.deepEqual(await readdir(folder), ["movie.mp4"]);
});

test("checkpoints of the same encode in the default folder are adopted, and others are removed when it is done", async (t) => {
  const folder = await tempFolder(t);
  const output = join(folder, "video.siedd");
  const group = { payload: new Uint8Array([1, 2]), psnr: new Float64Array([30]) };
  const old = await Checkpoints.open({ output, resume: true }, { seed: 1 });
  await old.writeGroup(0, group);
  await old.release();

  const other = await Checkpoints.open({ output, resume: true, workDir: join(folder, "other") }, { seed: 2 });
  assert.equal(await other.readGroup(0), undefined);
  await other.release();
  assert.deepEqual((await readdir(old.folder)).sort(), ["encode.json", "group-0.decoders"]);

  const same = await Checkpoints.open({ output, resume: true, workDir: join(folder, "same") }, { seed: 1 });
  assert.deepEqual(await same.readGroup(0), group);
  assert.deepEqual((await readdir(folder)).sort(), [".video.siedd.lock", "other", "same"]);
  await same.removeFinished();
  await same.release();
  assert.deepEqual(await readdir(folder), ["other"]);

  await mkdir(`${output}.work`);
  const last = await Checkpoints.open({ output, resume: true, workDir: join(folder, "other") }, { seed: 2 });
  await last.removeFinished();
  await last.release();
  assert.deepEqual(await readdir(folder), []);
});
