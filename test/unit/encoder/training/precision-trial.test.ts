import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type EncodeEvent, type EncodeOptions, EncoderError } from "../../../../encoder/index.js";
import { Checkpoints } from "../../../../encoder/job/checkpoints.js";
import { choosePrecision, type PrecisionOptions } from "../../../../encoder/job/choose-precision.js";
import { WorkerPool } from "../../../../encoder/job/worker-pool.js";
import { resolvePaperOptions } from "../../../../encoder/paper/options.js";
import type { PaperTasks } from "../../../../encoder/paper/worker.js";
import { resolveTileOptions } from "../../../../encoder/tile/options.js";
import type { TileTasks } from "../../../../encoder/tile/worker.js";
import { hasCudaProvider } from "../../../../encoder/training/onnx/cuda-provider.js";
import type { Precision } from "../../../../encoder/training/onnx/precision.js";
import {
  decidePrecision,
  type PrecisionDecision,
  runPrecisionTrial,
  type TrialRun,
} from "../../../../encoder/training/onnx/precision-trial.js";
import type { TrainingProgress } from "../../../../encoder/training/trainer.js";
import { realPaperTraining, realTraining } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const run = (losses: readonly number[], stepsPerSecond: number): TrialRun => ({ losses, stepsPerSecond });

test("a trial chooses half precision if its losses are as low and it is 10 % faster, and gives the reason", () => {
  const full = run([1, 0.5, 0.2, 0.1], 100);
  for (const [half, precision, message] of [
    [
      run([1, 0.5, 0.2, 0.1015], 170),
      "float16",
      /^training in half precision: 1\.70 times as fast as float32, losses are 1\.5 % higher$/,
    ],
    [
      run([1, 0.5, 0.2, 0.1], 105),
      "float32",
      /^training in float32: half precision is only 1\.05 times as fast as float32$/,
    ],
    [
      run([1, 0.5, 0.2, 0.103], 170),
      "float32",
      /^training in float32: losses are 3\.0 % higher in half precision after 4 steps$/,
    ],
    [run([1, 0.5, 0.2, 0.097], 170), "float16", /losses are 3\.0 % lower$/],
    [run([1, 0.5, Number.NaN, Number.NaN], 170), "float32", /^training in float32: half precision diverges$/],
  ] as const) {
    const decision = decidePrecision(full, half);
    assert.equal(decision.precision, precision, decision.message);
    assert.match(decision.message, message);
  }
});

const SETTINGS = { trainer: "onnx", device: "cpu", precision: "float32" } as const;

function assertDecided({ precision, message }: PrecisionDecision): void {
  // Which precision is faster depends on the CPU.
  assert.match(message, /^training in (float32|half precision): .*(as fast as float32|after 600 steps)/);
  assert.equal(precision === "float16", message.startsWith("training in half precision"));
}

test("a worker of the tile profile runs a trial in both precisions", async () => {
  const { problem, plan } = await realTraining({ steps: 1, points: 16 });
  const { network, target, width } = problem;
  const worker = new URL("../../../../encoder/tile/worker.js", import.meta.url);
  await using pool = new WorkerPool<TileTasks>(worker, 1);
  const task = { network, target, width, plan, kernel: "plain" as const, threads: 1 };
  assertDecided(await pool.run("tryPrecisions", { ...task, ...SETTINGS }).result);
});

test("a worker of the paper profile runs a trial in both precisions", async () => {
  const sizes = { width: 8, encoderLayers: 2, hiddenLayers: 1, patch: 1, factors: undefined };
  const { problem, plan } = await realPaperTraining({
    network: { profile: "paper", frequencies: 4, omega: 30, ...sizes },
    learnEncoder: true,
    frames: 2,
    frame: { width: 48, height: 27 },
    plan: { steps: 1, points: 16 },
  });
  const { network, target } = problem;
  const worker = new URL("../../../../encoder/paper/worker.js", import.meta.url);
  await using pool = new WorkerPool<PaperTasks>(worker, 1);
  const task = { network, target, plan, encoder: undefined, threads: 1 };
  assertDecided(await pool.run("tryPrecisions", { ...task, ...SETTINGS }).result);
});

test("a trial chooses float32 if half precision fails, and an abort ends the trial", async () => {
  const never = new AbortController().signal;
  const failInHalf = async (precision: Precision, onProgress: TrainingProgress) => {
    onProgress(1, Float32Array.of(1));
    if (precision === "float16") throw new Error("no kernel\nfor MatMul");
  };
  assert.deepEqual(await runPrecisionTrial(failInHalf, never), {
    precision: "float32",
    message: "training in float32: onnxruntime cannot run half precision (no kernel)",
  });
  const aborting = new AbortController();
  const trial = runPrecisionTrial(async (precision, onProgress) => {
    if (precision === "float16") aborting.abort(new Error("stopped"));
    await failInHalf(precision, onProgress);
  }, aborting.signal);
  await assert.rejects(trial, /stopped/);
});

test("auto selects float32 on a CPU without a trial, and reuses the stored decision of a trial", async (t) => {
  const checkpoints = await Checkpoints.open(
    { output: join(await tempFolder(t), "video.siedd"), resume: false },
    {},
  );
  const events: EncodeEvent[] = [];
  const choose = (options: Partial<PrecisionOptions>) =>
    choosePrecision(
      { precision: "auto", trainer: "onnx", device: "auto", ...options },
      checkpoints,
      (event) => events.push(event),
      async () => assert.fail("ran a trial"),
    );
  assert.equal(await choose({ device: "cpu" }), "float32");
  assert.equal(await choose({ trainer: "kernel" }), "float32");
  assert.equal(await choose({ precision: "float16", device: "cpu" }), "float16");
  if (!hasCudaProvider()) assert.equal(await choose({}), "float32");
  assert.deepEqual(events, []);
  await checkpoints.writePrecision({ precision: "float16", message: "faster" });
  assert.equal(await choose({}), "float16");
  assert.deepEqual(events, [{ type: "precision", precision: "float16", message: "faster" }]);
  await checkpoints.remove();
});

test("the option precision selects a trainer that supports it, and rejects one that does not", () => {
  const paths = { input: "a.mp4", output: "a.siedd" };
  assert.equal(resolveTileOptions({ ...paths, device: "cpu", precision: "float16" }).trainer, "onnx");
  assert.equal(resolveTileOptions({ ...paths, device: "cpu", precision: "float32" }).trainer, "kernel");
  assert.equal(resolveTileOptions({ ...paths }).precision, "auto");
  const assertRejected = (options: Partial<EncodeOptions>, message: RegExp) => {
    const resolve = options.profile === "paper" ? resolvePaperOptions : resolveTileOptions;
    assert.throws(
      () => resolve({ ...paths, ...options }),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  };
  assertRejected(
    { precision: "half" as "auto" },
    /^precision must be one of auto, float32, float16, got half$/,
  );
  assertRejected(
    { precision: "float16", trainer: "kernel" },
    /^precision must not be "float16" with `trainer: "kernel"`, which trains in float32; use `trainer: "onnx"`$/,
  );
  assertRejected(
    { precision: "float16", trainer: "tfjs", profile: "paper" },
    /^precision must not be "float16" with `trainer: "tfjs"`/,
  );
});
