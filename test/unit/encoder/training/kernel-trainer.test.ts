import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type EncodeEvent, type EncodeOptions, encode } from "../../../../encoder/index.js";
import { solveHeads } from "../../../../encoder/tile/least-squares.js";
import { KernelRun } from "../../../../encoder/training/kernel/kernel-run.js";
import { KernelTrainer } from "../../../../encoder/training/kernel/kernel-trainer.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import { Sampler } from "../../../../encoder/training/sampling/sampler.js";
import { clip } from "../../../support/clips.js";
import { relativeError } from "../../../support/fixtures.js";
import { lossesOf, realTraining, type TrainingSetup } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

/** Setups, with the maximum difference of their losses. It is larger with quantization, as trainers.test.ts explains. */
const setups: Record<string, { setup: Partial<TrainingSetup>; tolerance: number }> = {
  "without quantization": { setup: {}, tolerance: 1e-4 },
  "with a trained shared encoder": { setup: { encoderWidth: 8 }, tolerance: 1e-4 },
  "with quantization-aware training": {
    setup: { quantized: true, frame: { width: 320, height: 180 } },
    tolerance: 1e-3,
  },
  "of width 4, with a partial strip of points": { setup: { width: 4, points: 50 }, tolerance: 1e-4 },
  "of width 12": { setup: { width: 12 }, tolerance: 1e-4 },
  "of width 32, whose first matrix is wide": { setup: { width: 32 }, tolerance: 1e-4 },
  "of one layer and one frame": { setup: { hiddenLayers: 1, frames: 1, width: 24 }, tolerance: 1e-4 },
};

for (const [name, { setup, tolerance }] of Object.entries(setups)) {
  test(`the kernel and onnxruntime have the same losses at ${STEPS} steps: training ${name}`, async () => {
    const training = await realTraining({ points: 64, ...setup, steps: STEPS });
    const onnx = await lossesOf(new OnnxTrainer({ device: "cpu", threads: 1 }), training);
    const builds = await Promise.all(
      (["simd", "relaxed", "wide"] as const).map((build) => lossesOf(new KernelTrainer(build), training)),
    );
    for (const kernel of builds) {
      assert.equal(kernel.losses.length, STEPS);
      kernel.losses.forEach((loss, step) => {
        const difference = Math.abs(loss - onnx.losses[step]);
        assert.ok(difference <= tolerance, `step ${step}: ${loss}, expected ${onnx.losses[step]}`);
      });
    }
    const [, relaxed, wide] = builds;
    assert.deepEqual(wide.losses, relaxed.losses);
    assert.deepEqual(wide.weights, relaxed.weights);
    assert.ok(onnx.losses[STEPS - 1] < onnx.losses[0], `${onnx.losses}`);
  });
}

test("the kernel trains identical weights from the same seed, independent of earlier runs", async () => {
  const training = await realTraining({ quantized: true, steps: 30, points: 64 });
  const first = await lossesOf(new KernelTrainer(), training);
  await lossesOf(new KernelTrainer(), await realTraining({ width: 8, steps: 5, points: 32 }));
  assert.deepEqual((await lossesOf(new KernelTrainer(), training)).weights, first.weights);
});

test("aborted training rejects with the signal's reason", async () => {
  const { problem, plan } = await realTraining({ steps: 1000, points: 64 });
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("stopped"));
  const training = new KernelTrainer().train(problem, plan, { signal: stop.signal, onProgress });
  await assert.rejects(training, /stopped/);
});

const SHORT_ENCODE = {
  size: { width: 160, height: 90 },
  from: 1,
  to: 1.8,
  groupFrames: 10,
  seed: 3,
  preset: "draft",
  steps: 40,
  phase1Steps: 40,
  points: 64,
} as const;

test("the kernel is the default trainer, and its bytes do not depend on the number of workers", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const video = async (name: string, options: Partial<EncodeOptions>) => {
    const output = join(folder, `${name}.siedd`);
    const { psnr } = await encode({ input, output, ...SHORT_ENCODE, ...options });
    return { psnr, bytes: await readFile(output) };
  };
  const kernel = await video("kernel", { trainer: "kernel", workers: 1 });
  assert.deepEqual((await video("two", { trainer: "auto", device: "cpu", workers: 2 })).bytes, kernel.bytes);
  const onnx = await video("onnx", { trainer: "onnx", device: "cpu", workers: 1 });
  assert.ok(Math.abs(kernel.psnr - onnx.psnr) < 0.1, `${kernel.psnr} dB, expected ${onnx.psnr}`);
});

test("an interrupted and resumed encode gives identical bytes with the kernel", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const output = join(folder, "video.siedd");
  await encode({ input, output, ...SHORT_ENCODE, trainer: "kernel" });
  const uninterrupted = await readFile(output);
  const stop = new AbortController();
  const onEvent = ({ type }: EncodeEvent) => {
    if (type === "group") stop.abort();
  };
  const interrupted = encode({
    input,
    output,
    ...SHORT_ENCODE,
    trainer: "kernel",
    signal: stop.signal,
    onEvent,
  });
  await assert.rejects(interrupted, { code: "interrupted" });
  await encode({ input, output, ...SHORT_ENCODE, trainer: "kernel", resume: true });
  assert.deepEqual(await readFile(output), uninterrupted);
});

test("the kernel is rejected for a GPU and for the paper profile", async () => {
  const video = { input: "a.mp4", output: "a.siedd", trainer: "kernel" } as const;
  await assert.rejects(encode({ ...video, device: "cuda" }), {
    code: "bad-option",
    message: /use `trainer: "onnx"`/,
  });
  await assert.rejects(encode({ ...video, profile: "paper" }), {
    code: "bad-option",
    message: /^trainer must be "onnx" or "tfjs"/,
  });
});

test("the kernel and onnxruntime solve for the same heads, also at padded widths", async () => {
  for (const setup of [{}, { width: 4 }, { width: 12, encoderWidth: 8 }]) {
    const { problem } = await realTraining({ ...setup, steps: 1, points: 32 });
    const options = { device: "cpu", threads: 1, seed: 5, keys: [1, 2] } as const;
    const kernel = await solveHeads(problem, { ...options, engine: "kernel" });
    const onnx = await solveHeads(problem, { ...options, engine: "onnx" });
    assert.ok(relativeError(kernel.head, [...onnx.head]) <= 1e-3, "head");
    assert.ok(relativeError(kernel.bias, [...onnx.bias]) <= 1e-3, "bias");
  }
});

test("normal equations are accurate to five digits, so nearly constant units do not get huge weights", async () => {
  const width = 24;
  const points = 384;
  const batches = 40;
  const { problem, plan } = await realTraining({ width, steps: batches, points });
  const { weights, network, target } = problem;
  // As in small tiles, units are close to a crest of their sine at every point.
  const shifts = Float32Array.from({ length: width }, (_, unit) => (1 + 0.01 * unit) / network.omega);
  const bias = weights.get("hidden2_bias")!.map((_, i) => shifts[i % width]!);
  const constant = new Map(weights).set("hidden2_bias", bias);
  constant.set("hidden2", new Float32Array(weights.get("hidden2")!.length));
  const run = await KernelRun.create({ ...problem, weights: constant }, plan, batches);
  try {
    run.loadSamples(new Sampler(target, plan), batches);
    const { gram } = run.normalEquations(0, batches);
    const value = (unit: number) => (unit === width ? 1 : Math.sin(network.omega * shifts[unit]!));
    gram.forEach((sum, at) => {
      const expected = batches * points * value(Math.floor(at / (width + 1))) * value(at % (width + 1));
      assert.ok(Math.abs(sum / expected - 1) <= 5e-6, `sum ${at}: ${sum}, expected ${expected}`);
    });
  } finally {
    run.release();
  }
});
