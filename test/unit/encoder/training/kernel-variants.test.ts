import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encode } from "../../../../encoder/index.js";
import { WorkerPool } from "../../../../encoder/job/worker-pool.js";
import { fasterVariant } from "../../../../encoder/tile/kernel-trial.js";
import { resolveTileOptions } from "../../../../encoder/tile/options.js";
import type { TileTasks } from "../../../../encoder/tile/worker.js";
import { canRevectorize } from "../../../../encoder/training/kernel/revectorization.js";
import { clip } from "../../../support/clips.js";
import { tempFolder } from "../../../support/temp-folder.js";

test("encodes with either variant of the kernel have the same bytes", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const assets = [];
  for (const kernel of ["plain", "wide", "auto"] as const) {
    const output = join(folder, `${kernel}.siedd`);
    const size = { width: 64, height: 36 };
    await encode({ input, output, kernel, size, to: 0.4, preset: "draft", steps: 60, phase1Steps: 60 });
    assets.push(await readFile(output));
  }
  assert.deepEqual(assets[1], assets[0]);
  assert.deepEqual(assets[2], assets[0]);
});

test("a worker compares the variants: the same bits, and a speedup only where V8 merges vectors", async () => {
  const worker = new URL("../../../../encoder/tile/worker.js", import.meta.url);
  await using pool = new WorkerPool<TileTasks>(worker, 1);
  const { same, speedup } = await pool.run("compareKernels", undefined).result;
  assert.equal(same, true);
  assert.equal(speedup > 0, canRevectorize());
});

test("the wide variant is chosen only if it is faster and gives the same bits", () => {
  assert.equal(fasterVariant({ same: true, speedup: 1.5 }), "wide");
  assert.equal(fasterVariant({ same: false, speedup: 1.5 }), "plain");
  assert.equal(fasterVariant({ same: true, speedup: 1.01 }), "plain");
});

test("a variant of the kernel requires that the kernel trains", () => {
  const paths = { input: "a.mp4", output: "a.siedd" };
  assert.equal(resolveTileOptions(paths).kernel, "auto");
  assert.throws(() => resolveTileOptions({ ...paths, kernel: "wide", trainer: "onnx" }), {
    message: 'kernel requires `trainer: "kernel"`, which trains on the CPU',
  });
  assert.throws(() => resolveTileOptions({ ...paths, kernel: "narrow" as "wide" }), {
    message: "kernel must be one of auto, plain, wide, got narrow",
  });
});
