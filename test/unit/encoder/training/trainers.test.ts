import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { memorySource, openAsset } from "../../../../codec/internal.js";
import { EncoderError, encode } from "../../../../encoder/index.js";
import { tileTrainingStep } from "../../../../encoder/tile/training-graph.js";
import { runSteps, shapeOf } from "../../../../encoder/tile/training-steps.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import {
  loadTensorFlow,
  requireTensorFlow,
  runningLoop,
} from "../../../../encoder/training/tfjs/tfjs-runtime.js";
import { TfjsTrainer } from "../../../../encoder/training/tfjs/tfjs-trainer.js";
import { clip } from "../../../support/clips.js";
import { lossesOf, realTraining, type Trial } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

/**
 * Trials that together use every operation of the training step, and by how much their losses may differ. Where
 * numbers are rounded, one that lies within float32's noise of a half step is rounded up by one engine and down by
 * the other, and training goes on from there: over many tiles that averages out, but not to float32's precision.
 */
const trials: Record<string, { trial: Omit<Trial, "steps" | "points">; tolerance: number }> = {
  "for accuracy alone": { trial: {}, tolerance: 1e-4 },
  "with a shared encoder that is learned": { trial: { encoderWidth: 8 }, tolerance: 1e-4 },
  "with rounding and prices": {
    trial: { coded: true, frame: { width: 320, height: 180 } },
    tolerance: 1e-3,
  },
};

for (const [name, { trial, tolerance }] of Object.entries(trials)) {
  test(`training ${name}: TensorFlow.js and onnxruntime have the same loss at each of ${STEPS} steps`, async () => {
    const training = await realTraining({ ...trial, steps: STEPS, points: 64 });
    const onnx = await lossesOf(new OnnxTrainer({ device: "cpu", threads: 1 }), training);
    const tfjs = await lossesOf(new TfjsTrainer({ device: "cpu" }), training);
    assert.equal(onnx.losses.length, STEPS);
    onnx.losses.forEach((loss, step) => {
      const difference = Math.abs(loss - tfjs.losses[step]);
      assert.ok(difference <= tolerance, `step ${step}: ${tfjs.losses[step]}, not ${loss}`);
    });
    assert.ok(onnx.losses[STEPS - 1] < onnx.losses[0] / 2, `${onnx.losses}`);
  });
}

test("TensorFlow.js frees all of its memory, takes no handler of the process, and needs no WebAssembly", async () => {
  const handlers = ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event));
  const { problem, plan } = await realTraining({ coded: true, steps: 7, points: 32 });
  const expected = await lossesOf(new TfjsTrainer({ device: "cpu" }), { problem, plan });
  const runtime = await loadTensorFlow("cpu");
  assert.equal(runtime.backend, "wasm");
  assert.equal(runtime.tf.memory().numTensors, 0);

  await runtime.tf.setBackend("cpu");
  const shape = shapeOf(problem, plan.points);
  const graph = runningLoop(runtime, tileTrainingStep(shape, false, 0.75, plan.coding));
  const losses: number[] = [];
  await runSteps(graph, problem, plan, shape, { onProgress: (_, some) => losses.push(...some) });
  await graph.release();
  assert.equal(runtime.tf.memory().numTensors, 0);
  losses.forEach((loss, step) => {
    assert.ok(Math.abs(loss - expected.losses[step]) <= 1e-3, `step ${step}`);
  });
  assert.deepEqual(
    ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event)),
    handlers,
  );
});

test("--trainer tfjs encodes a video as onnxruntime does, and writes nothing else to the terminal", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const tfjs = join(folder, "tfjs.siedd");
  const command = join(import.meta.dirname, "../../../../cli/main.js");
  const part = ["--size", "64x36", "--from", "1", "--to", "1.4", "--seed", "3", "--workers", "1"];
  const brief = ["--preset", "draft", "--steps", "30", "--phase1-steps", "30", "--points", "64"];
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [command, "encode", input, "-o", tfjs, ...part, ...brief, "--trainer", "tfjs", "--json"],
    { timeout: 600_000 },
  );
  const summary = JSON.parse(stdout);
  for (const line of stderr.trim().split("\n")) JSON.parse(line);
  const expected = await encode({
    input,
    output: join(folder, "onnx.siedd"),
    size: { width: 64, height: 36 },
    from: 1,
    to: 1.4,
    seed: 3,
    preset: "draft",
    steps: 30,
    phase1Steps: 30,
    points: 64,
    trainer: "onnx",
    workers: 1,
  });
  assert.ok(Math.abs(summary.psnr - expected.psnr) < 0.1, `${summary.psnr} dB, not ${expected.psnr}`);
  const asset = await openAsset(memorySource(await readFile(tfjs)));
  assert.deepEqual([asset.width, asset.height, asset.frameCount], [64, 36, 10]);
});

test("without TensorFlow.js, --trainer tfjs ends in one sentence that says what to install", async (t) => {
  const elsewhere = createRequire(join(await tempFolder(t), "none.js"));
  const says = (code: string, message: RegExp) => (error: unknown) =>
    error instanceof EncoderError && error.code === code && message.test(error.message);
  const install = says("no-tfjs", /npm install @tensorflow\/tfjs .*--trainer onnx/);
  assert.throws(() => requireTensorFlow("auto", elsewhere), install);
  await assert.rejects(loadTensorFlow("cpu", elsewhere), install);
  const gpu = says("no-cuda", /@tensorflow\/tfjs-node-gpu is not installed.*--device cpu/);
  assert.throws(() => requireTensorFlow("cuda", elsewhere), gpu);
  await assert.rejects(
    encode({ input: "a.mp4", output: "a.siedd", trainer: "torch" as "tfjs" }),
    says("bad-option", /--trainer must be auto, kernel, onnx or tfjs, not torch/),
  );
});
