import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { memorySource, openAsset } from "../../../../codec/internal.js";
import { EncoderError, encode } from "../../../../encoder/index.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import { tileTrainingStep } from "../../../../encoder/training/onnx/tile-training-graph.js";
import { runTileSteps, tileShape } from "../../../../encoder/training/onnx/training-steps.js";
import {
  createLoopSession,
  loadTensorFlow,
  requireTensorFlow,
} from "../../../../encoder/training/tfjs/tfjs-runtime.js";
import { TfjsTrainer } from "../../../../encoder/training/tfjs/tfjs-trainer.js";
import { clip } from "../../../support/clips.js";
import { lossesOf, realTraining, type TrainingSetup } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

/**
 * Setups that together use every operation of the training step, with the maximum difference of their losses. With
 * quantization, one engine may round a parameter up and the other down if it is within float32 noise of half a step, and
 * training continues from there. This averages out over many tiles, but not to float32 precision.
 */
const setups: Record<string, { setup: Omit<TrainingSetup, "steps" | "points">; tolerance: number }> = {
  "without quantization": { setup: {}, tolerance: 1e-4 },
  "with a trained shared encoder": { setup: { encoderWidth: 8 }, tolerance: 1e-4 },
  "with quantization-aware training": {
    setup: { quantized: true, frame: { width: 320, height: 180 } },
    tolerance: 1e-3,
  },
};

for (const [name, { setup, tolerance }] of Object.entries(setups)) {
  test(`TensorFlow.js and onnxruntime have the same losses at ${STEPS} steps: training ${name}`, async () => {
    const training = await realTraining({ ...setup, steps: STEPS, points: 64 });
    const onnx = await lossesOf(new OnnxTrainer({ device: "cpu", threads: 1 }), training);
    const tfjs = await lossesOf(new TfjsTrainer({ device: "cpu" }), training);
    assert.equal(onnx.losses.length, STEPS);
    onnx.losses.forEach((loss, step) => {
      const difference = Math.abs(loss - tfjs.losses[step]);
      assert.ok(difference <= tolerance, `step ${step}: ${tfjs.losses[step]}, expected ${loss}`);
    });
    assert.ok(onnx.losses[STEPS - 1] < onnx.losses[0] / 2, `${onnx.losses}`);
  });
}

test("TensorFlow.js frees its memory, leaves no process handlers, and runs without WebAssembly", async () => {
  const handlers = ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event));
  const { problem, plan } = await realTraining({ quantized: true, steps: 7, points: 32 });
  const expected = await lossesOf(new TfjsTrainer({ device: "cpu" }), { problem, plan });
  const runtime = await loadTensorFlow("cpu");
  assert.equal(runtime.backend, "wasm");
  assert.equal(runtime.tf.memory().numTensors, 0);

  await runtime.tf.setBackend("cpu");
  const shape = tileShape(problem, plan.points);
  const step = tileTrainingStep(shape, {
    learnEncoder: false,
    motionLearningRateScale: 0.75,
    quantization: plan.quantization,
  });
  const graph = createLoopSession(runtime, step);
  const losses: number[] = [];
  await runTileSteps(
    graph,
    { problem, plan, shape },
    { onProgress: (_, newLosses) => losses.push(...newLosses) },
  );
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

test("encode --trainer tfjs reaches the PSNR of onnxruntime, and prints only JSON", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const tfjs = join(folder, "tfjs.siedd");
  const command = join(import.meta.dirname, "../../../../cli/main.js");
  const range = ["--size", "64x36", "--from", "1", "--to", "1.4", "--seed", "3", "--workers", "1"];
  const settings = ["--preset", "draft", "--steps", "30", "--phase1-steps", "30", "--points", "64"];
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [command, "encode", input, "-o", tfjs, ...range, ...settings, "--trainer", "tfjs", "--json"],
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
  assert.ok(Math.abs(summary.psnr - expected.psnr) < 0.1, `${summary.psnr} dB, expected ${expected.psnr}`);
  const asset = await openAsset(memorySource(await readFile(tfjs)));
  assert.deepEqual([asset.width, asset.height, asset.frameCount], [64, 36, 10]);
});

test("without TensorFlow.js, trainer tfjs is rejected with the command that installs it", async (t) => {
  const emptyRequire = createRequire(join(await tempFolder(t), "none.js"));
  const isError = (code: string, message: RegExp) => (error: unknown) =>
    error instanceof EncoderError && error.code === code && message.test(error.message);
  const install = isError("no-tfjs", /npm install @tensorflow\/tfjs .*`trainer: "onnx"`/);
  assert.throws(() => requireTensorFlow("auto", emptyRequire), install);
  await assert.rejects(loadTensorFlow("cpu", emptyRequire), install);
  const gpu = isError("no-cuda", /@tensorflow\/tfjs-node-gpu is not installed.*`device: "cpu"`/);
  assert.throws(() => requireTensorFlow("cuda", emptyRequire), gpu);
  await assert.rejects(
    encode({ input: "a.mp4", output: "a.siedd", trainer: "torch" as "tfjs" }),
    isError("bad-option", /^trainer must be one of auto, kernel, onnx, tfjs, got torch$/),
  );
});
