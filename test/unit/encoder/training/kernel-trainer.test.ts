import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TileNetwork } from "../../../../codec/internal.js";
import { type EncodeEvent, type EncodeOptions, encode } from "../../../../encoder/index.js";
import { solveHeads } from "../../../../encoder/tile/least-squares.js";
import { TrainingKernel } from "../../../../encoder/training/kernel/kernel.js";
import { KernelRun } from "../../../../encoder/training/kernel/kernel-run.js";
import { KernelTrainer } from "../../../../encoder/training/kernel/kernel-trainer.js";
import { planMemory, SAMPLE_ROWS } from "../../../../encoder/training/kernel/memory-layout.js";
import { readParameters, writeParameters } from "../../../../encoder/training/kernel/parameter-layout.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import { Sampler } from "../../../../encoder/training/sampling/sampler.js";
import { constantLearningRate } from "../../../../encoder/training/schedules/schedule.js";
import type { TrainingWeights } from "../../../../encoder/training/weights.js";
import { clip } from "../../../support/clips.js";
import { FIXTURES, flatten, readFixture, relativeError, swapAxes } from "../../../support/fixtures.js";
import { lossesOf, realTraining, type TrainingSetup } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

/** Setups, and the maximum difference of losses (trainers.test.ts explains why quantization needs more). */
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
    for (const relaxedSimd of [false, true]) {
      const kernel = await lossesOf(new KernelTrainer({ relaxedSimd }), training);
      assert.equal(kernel.losses.length, STEPS);
      kernel.losses.forEach((loss, step) => {
        const difference = Math.abs(loss - onnx.losses[step]);
        assert.ok(difference <= tolerance, `step ${step}: ${loss}, expected ${onnx.losses[step]}`);
      });
    }
    assert.ok(onnx.losses[STEPS - 1] < onnx.losses[0], `${onnx.losses}`);
  });
}

test("the kernel trains identical weights from one seed, whatever ran before", async () => {
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

const TOLERANCE = 1e-4;
const WIDTH = 6;
const TILES = 3;
const FRAMES = 4;

for (const name of FIXTURES.filter((fixture) => fixture.startsWith("tile"))) {
  test(`${name}: output, loss, gradients and three AdamW steps of the kernel match the reference`, async () => {
    const fixture = readFixture(name);
    const learnEncoder = "enc" in fixture.gradients && (fixture.gradients.enc as unknown[]).length > 0;
    const network: TileNetwork = {
      profile: "tile",
      rows: 1,
      columns: TILES,
      overlap: 0,
      frequencies: 4,
      omega: 20,
      encoderWidth: fixture.weights.enc.length > 0 ? 8 : 0,
      hiddenLayers: 2,
    };
    const named = (of: Record<string, unknown>): TrainingWeights => {
      const all: TrainingWeights = new Map();
      const setWeights = (key: string, values: unknown) =>
        all.set(key, Float32Array.from(flatten(values as never)));
      for (const [key, prefix] of [
        ["enc", "encoder"],
        ["hid", "hidden"],
      ]) {
        for (const [l, values] of ((of[key] ?? []) as unknown[]).entries()) {
          setWeights(`${prefix}${l}`, values);
          setWeights(`${prefix}${l}_bias`, (of[`${key}_b`] as unknown[])[l]);
        }
      }
      setWeights("head", (of.head as unknown[])[0]);
      setWeights("head_bias", (of.head_b as unknown[])[0]);
      return all.set("motion", Float32Array.from(swapAxes((of.motion as never[])[0])));
    };
    const { xy, frame = [] } = fixture.inputs;
    const kernel = await TrainingKernel.acquire();
    const start = kernel.exports.staticBytes();
    const layout = planMemory(start, {
      network,
      width: WIDTH,
      frames: FRAMES,
      points: xy.length,
      steps: 3,
      tiles: TILES,
      pixels: 0,
      learnEncoder,
      quantization: undefined,
      targetScale: 1,
      targetShift: 0,
      motionLearningRateScale: 1,
      muonLearningRateScale: undefined,
    });
    kernel.allocate(start, layout.bytes);
    layout.initialize(kernel.dataView());
    const weights = named(fixture.weights);
    const { tileParameters: numbers, encoderParameters: encoder, paddedPoints: points } = layout;
    const tileAt = (tile: number) => layout.tiles + tile * layout.tileBytes;
    for (let tile = 0; tile < TILES; tile++) {
      writeParameters(numbers, weights, tile, kernel.float32Array(tileAt(tile), numbers.size));
    }
    if (encoder !== undefined) {
      writeParameters(encoder, weights, 0, kernel.float32Array(layout.encoderState, encoder.size));
    }
    kernel.float32Array(layout.config.schedule, 12).set(constantLearningRate(fixture.lr, 0.9, 0, 3));
    const losses: number[] = [];
    const output = new Float32Array(TILES * 3 * xy.length);
    const gradients: TrainingWeights = new Map(
      [...weights].map(([key, { length }]) => [key, new Float32Array(length)]),
    );
    for (let step = 0; step < 3; step++) {
      const samples = kernel.float32Array(
        layout.config.samples + 4 * step * SAMPLE_ROWS * points,
        SAMPLE_ROWS * points,
      );
      const frames = kernel.uint32Array(
        layout.config.samples + 4 * (step * SAMPLE_ROWS + 5) * points,
        points,
      );
      xy.forEach(([x, y], p) => {
        const t = (2 / FRAMES) * (frame[p] + 0.5) - 1;
        [x, y, t, Math.sin((Math.PI / 2) * t), Math.cos((Math.PI / 2) * t)].forEach((value, row) => {
          samples[row * points + p] = value;
        });
        frames[p] = frame[p];
      });
      for (let tile = 0; tile < TILES; tile++) {
        const targets = kernel.float32Array(layout.config.targets, 3 * points);
        fixture.target[tile].forEach((colors, p) => {
          colors.forEach((value, c) => {
            targets[c * points + p] = value;
          });
        });
        kernel.exports.stepTile(layout.configAddress, tileAt(tile), step, 0, 0);
        if (step > 0) continue;
        readParameters(numbers, kernel.float32Array(layout.config.gradient, numbers.size), gradients, tile);
        const errors = kernel.float32Array(layout.config.errors, 3 * layout.stripLength);
        for (let c = 0; c < 3; c++) {
          for (let p = 0; p < xy.length; p++) {
            const difference = (errors[c * layout.stripLength + p] * TILES * 3 * xy.length) / 2;
            output[(tile * 3 + c) * xy.length + p] = difference + targets[c * points + p];
          }
        }
      }
      losses.push(kernel.float64Array(layout.config.losses, 3)[step] / (TILES * 3 * xy.length));
      if (encoder === undefined || !learnEncoder) continue;
      kernel.exports.stepEncoder(layout.configAddress, encoder.size, layout.encoderGradient, step);
      if (step === 0)
        readParameters(encoder, kernel.float32Array(layout.encoderGradient, encoder.size), gradients, 0);
    }
    assert.ok(relativeError(output, swapAxes(fixture.output)) <= TOLERANCE, "output");
    assert.ok(relativeError(losses, fixture.losses) <= TOLERANCE, `losses ${losses}`);
    for (const [key, values] of named(fixture.gradients)) {
      const error = relativeError(gradients.get(key) ?? [], [...values]);
      assert.ok(error <= TOLERANCE, `gradient of ${key}: ${error}`);
    }
    for (let tile = 0; tile < TILES; tile++) {
      readParameters(numbers, kernel.float32Array(tileAt(tile), numbers.size), weights, tile);
    }
    if (encoder !== undefined) {
      readParameters(encoder, kernel.float32Array(layout.encoderState, encoder.size), weights, 0);
    }
    for (const [key, values] of named(fixture.weights_after_3_steps)) {
      const error = relativeError(weights.get(key) ?? [], [...values]);
      assert.ok(error <= TOLERANCE, `${key} after three steps: ${error}`);
    }
  });
}

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

test("the kernel and onnxruntime solve the same heads, also for widths with padding", async () => {
  for (const setup of [{}, { width: 4 }, { width: 12, encoderWidth: 8 }]) {
    const { problem } = await realTraining({ ...setup, steps: 1, points: 32 });
    const options = { device: "cpu", threads: 1, seed: 5, keys: [1, 2] } as const;
    const kernel = await solveHeads(problem, { ...options, engine: "kernel" });
    const onnx = await solveHeads(problem, { ...options, engine: "onnx" });
    assert.ok(relativeError(kernel.head, [...onnx.head]) <= 1e-3, "head");
    assert.ok(relativeError(kernel.bias, [...onnx.bias]) <= 1e-3, "bias");
  }
});

test("normal equations keep five digits, so that nearly constant units do not get huge weights", async () => {
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
