import assert from "node:assert/strict";
import { test } from "node:test";
import { OnnxTrainer } from "../encoder/training/onnx-trainer.js";
import { loadTensorFlow, runningLoop } from "../encoder/training/tfjs-runtime.js";
import { TfjsTrainer } from "../encoder/training/tfjs-trainer.js";
import { tileTrainingStep } from "../encoder/training/tile-graph.js";
import { runSteps, shapeOf } from "../encoder/training/tile-steps.js";
import { lossesOf, realTraining, type Trial } from "./real-training.js";

const STEPS = 50;

/** Trials that together use every operation of the training step. */
const trials: Record<string, Omit<Trial, "steps" | "points">> = {
  "for accuracy alone": {},
  "with rounding and prices": { coded: true },
  "with a shared encoder that is learned": { encoderWidth: 8 },
};

for (const [name, trial] of Object.entries(trials)) {
  test(`training ${name}: TensorFlow.js and onnxruntime have the same loss at each of ${STEPS} steps`, async () => {
    const training = await realTraining({ ...trial, steps: STEPS, points: 96 });
    const onnx = await lossesOf(new OnnxTrainer({ device: "cpu", threads: 1 }), training);
    const tfjs = await lossesOf(new TfjsTrainer({ device: "cpu" }), training);
    assert.equal(onnx.losses.length, STEPS);
    onnx.losses.forEach((loss, step) => {
      const difference = Math.abs(loss - tfjs.losses[step]);
      assert.ok(difference <= 1e-3 * loss, `step ${step}: ${tfjs.losses[step]}, not ${loss}`);
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
    assert.ok(Math.abs(loss - expected.losses[step]) <= 1e-3 * loss, `step ${step}`);
  });
  assert.deepEqual(
    ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event)),
    handlers,
  );
});
