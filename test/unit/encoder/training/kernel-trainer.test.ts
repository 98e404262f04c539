import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TileNetwork } from "../../../../codec/internal.js";
import { type EncodeEvent, type EncodeOptions, encode } from "../../../../encoder/index.js";
import { solveHeads } from "../../../../encoder/tile/least-squares.js";
import type { TrainingWeights } from "../../../../encoder/tile/weights.js";
import { TrainingKernel } from "../../../../encoder/training/kernel/kernel.js";
import { KernelRun } from "../../../../encoder/training/kernel/kernel-run.js";
import { KernelTrainer } from "../../../../encoder/training/kernel/kernel-trainer.js";
import { planMemory, SAMPLE_ROWS } from "../../../../encoder/training/kernel/memory-layout.js";
import { readParameters, writeParameters } from "../../../../encoder/training/kernel/parameter-layout.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import { Sampler } from "../../../../encoder/training/sampling/sampler.js";
import { constantRate } from "../../../../encoder/training/schedules/schedule.js";
import { clip } from "../../../support/clips.js";
import { FIXTURES, flat, readFixture, relativeError, swapped } from "../../../support/fixtures.js";
import { lossesOf, realTraining, type Trial } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

/** What a trial is, and by how much losses may differ (test/trainers.test.ts says why rounding needs more). */
const trials: Record<string, { trial: Partial<Trial>; tolerance: number }> = {
  "for accuracy alone": { trial: {}, tolerance: 1e-4 },
  "with a shared encoder that is learned": { trial: { encoderWidth: 8 }, tolerance: 1e-4 },
  "with rounding and prices": {
    trial: { coded: true, frame: { width: 320, height: 180 } },
    tolerance: 1e-3,
  },
  "of width 4, with points that fill no strip": { trial: { width: 4, points: 50 }, tolerance: 1e-4 },
  "of width 12": { trial: { width: 12 }, tolerance: 1e-4 },
  "of width 32, where the first matrix is wide": { trial: { width: 32 }, tolerance: 1e-4 },
  "of one layer and one frame": { trial: { hiddenLayers: 1, frames: 1, width: 24 }, tolerance: 1e-4 },
};

for (const [name, { trial, tolerance }] of Object.entries(trials)) {
  test(`training ${name}: the kernel and onnxruntime have the same loss at each of ${STEPS} steps`, async () => {
    const training = await realTraining({ points: 64, ...trial, steps: STEPS });
    const onnx = await lossesOf(new OnnxTrainer({ device: "cpu", threads: 1 }), training);
    for (const relaxedSimd of [false, true]) {
      const kernel = await lossesOf(new KernelTrainer({ relaxedSimd }), training);
      assert.equal(kernel.losses.length, STEPS);
      kernel.losses.forEach((loss, step) => {
        const difference = Math.abs(loss - onnx.losses[step]);
        assert.ok(difference <= tolerance, `step ${step}: ${loss}, not ${onnx.losses[step]}`);
      });
    }
    assert.ok(onnx.losses[STEPS - 1] < onnx.losses[0], `${onnx.losses}`);
  });
}

test("the same seed gives the kernel the same weights, bit by bit, whatever ran before it", async () => {
  const training = await realTraining({ coded: true, steps: 30, points: 64 });
  const first = await lossesOf(new KernelTrainer(), training);
  await lossesOf(new KernelTrainer(), await realTraining({ width: 8, steps: 5, points: 32 }));
  assert.deepEqual((await lossesOf(new KernelTrainer(), training)).weights, first.weights);
});

test("an aborted training ends with the signal's reason", async () => {
  const { problem, plan } = await realTraining({ steps: 1000, points: 64 });
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  const training = new KernelTrainer().train(problem, plan, { signal: stop.signal, onProgress });
  await assert.rejects(training, /enough/);
});

const TOLERANCE = 1e-4;
const WIDTH = 6;
const TILES = 3;
const FRAMES = 4;

for (const name of FIXTURES.filter((fixture) => fixture.startsWith("tile"))) {
  test(`${name}: the kernel's output, loss, gradients and three AdamW steps agree with the reference`, async () => {
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
      const give = (key: string, values: unknown) => all.set(key, Float32Array.from(flat(values as never)));
      for (const [key, ours] of [
        ["enc", "encoder"],
        ["hid", "hidden"],
      ]) {
        for (const [l, values] of ((of[key] ?? []) as unknown[]).entries()) {
          give(`${ours}${l}`, values);
          give(`${ours}${l}_bias`, (of[`${key}_b`] as unknown[])[l]);
        }
      }
      give("head", (of.head as unknown[])[0]);
      give("head_bias", (of.head_b as unknown[])[0]);
      return all.set("motion", Float32Array.from(swapped((of.motion as never[])[0])));
    };
    const { xy, frame = [] } = fixture.inputs;
    const kernel = await TrainingKernel.take();
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
      coding: undefined,
      targetScale: 1,
      targetShift: 0,
      motionRate: 1,
      muonRate: undefined,
    });
    kernel.clear(start, layout.bytes);
    layout.write(kernel.records());
    const weights = named(fixture.weights);
    const { numbers, encoder, points } = layout;
    const tileAt = (tile: number) => layout.tiles + tile * layout.tileBytes;
    for (let tile = 0; tile < TILES; tile++) {
      writeParameters(numbers, weights, tile, kernel.floats(tileAt(tile), numbers.size));
    }
    if (encoder !== undefined) {
      writeParameters(encoder, weights, 0, kernel.floats(layout.encoderState, encoder.size));
    }
    kernel.floats(layout.schedule, 12).set(constantRate(fixture.lr, 0.9, 0, 3));
    const losses: number[] = [];
    const output = new Float32Array(TILES * 3 * xy.length);
    const gradients: TrainingWeights = new Map(
      [...weights].map(([key, { length }]) => [key, new Float32Array(length)]),
    );
    for (let step = 0; step < 3; step++) {
      const samples = kernel.floats(layout.samples + 4 * step * SAMPLE_ROWS * points, SAMPLE_ROWS * points);
      const frames = kernel.words(layout.samples + 4 * (step * SAMPLE_ROWS + 5) * points, points);
      xy.forEach(([x, y], p) => {
        const t = (2 / FRAMES) * (frame[p] + 0.5) - 1;
        [x, y, t, Math.sin((Math.PI / 2) * t), Math.cos((Math.PI / 2) * t)].forEach((value, row) => {
          samples[row * points + p] = value;
        });
        frames[p] = frame[p];
      });
      for (let tile = 0; tile < TILES; tile++) {
        const targets = kernel.floats(layout.targets, 3 * points);
        fixture.target[tile].forEach((colors, p) => {
          colors.forEach((value, c) => {
            targets[c * points + p] = value;
          });
        });
        kernel.exports.stepTile(layout.plan, tileAt(tile), step, 0, 0);
        if (step > 0) continue;
        readParameters(numbers, kernel.floats(layout.gradient, numbers.size), gradients, tile);
        const errors = kernel.floats(layout.errors, 3 * layout.strip);
        for (let c = 0; c < 3; c++) {
          for (let p = 0; p < xy.length; p++) {
            const difference = (errors[c * layout.strip + p] * TILES * 3 * xy.length) / 2;
            output[(tile * 3 + c) * xy.length + p] = difference + targets[c * points + p];
          }
        }
      }
      losses.push(kernel.doubles(layout.losses, 3)[step] / (TILES * 3 * xy.length));
      if (encoder === undefined || !learnEncoder) continue;
      kernel.exports.stepEncoder(layout.plan, encoder.size, layout.encoderGradient, step);
      if (step === 0)
        readParameters(encoder, kernel.floats(layout.encoderGradient, encoder.size), gradients, 0);
    }
    assert.ok(relativeError(output, swapped(fixture.output)) <= TOLERANCE, "output");
    assert.ok(relativeError(losses, fixture.losses) <= TOLERANCE, `losses ${losses}`);
    for (const [key, values] of named(fixture.gradients)) {
      const error = relativeError(gradients.get(key) ?? [], [...values]);
      assert.ok(error <= TOLERANCE, `gradient of ${key}: ${error}`);
    }
    for (let tile = 0; tile < TILES; tile++) {
      readParameters(numbers, kernel.floats(tileAt(tile), numbers.size), weights, tile);
    }
    if (encoder !== undefined) {
      readParameters(encoder, kernel.floats(layout.encoderState, encoder.size), weights, 0);
    }
    for (const [key, values] of named(fixture.weights_after_3_steps)) {
      const error = relativeError(weights.get(key) ?? [], [...values]);
      assert.ok(error <= TOLERANCE, `${key} after three steps: ${error}`);
    }
  });
}

const PART = {
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

test("a video is trained by the kernel unless told otherwise, as well as by onnxruntime, whatever the number of workers", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const video = async (name: string, options: Partial<EncodeOptions>) => {
    const output = join(folder, `${name}.siedd`);
    const { psnr } = await encode({ input, output, ...PART, ...options });
    return { psnr, bytes: await readFile(output) };
  };
  const kernel = await video("kernel", { trainer: "kernel", workers: 1 });
  assert.deepEqual((await video("two", { trainer: "auto", device: "cpu", workers: 2 })).bytes, kernel.bytes);
  const onnx = await video("onnx", { trainer: "onnx", device: "cpu", workers: 1 });
  assert.ok(Math.abs(kernel.psnr - onnx.psnr) < 0.1, `${kernel.psnr} dB, not ${onnx.psnr}`);
});

test("a video that the kernel trained has the same bytes when it was interrupted and resumed", async (t) => {
  const folder = await tempFolder(t);
  const input = await clip("bunny");
  const output = join(folder, "video.siedd");
  await encode({ input, output, ...PART, trainer: "kernel" });
  const undisturbed = await readFile(output);
  const stop = new AbortController();
  const onEvent = ({ type }: EncodeEvent) => {
    if (type === "group") stop.abort();
  };
  const interrupted = encode({ input, output, ...PART, trainer: "kernel", signal: stop.signal, onEvent });
  await assert.rejects(interrupted, { code: "interrupted" });
  await encode({ input, output, ...PART, trainer: "kernel", resume: true });
  assert.deepEqual(await readFile(output), undisturbed);
});

test("the kernel says where it does not go: a GPU, and the paper profile", async () => {
  const video = { input: "a.mp4", output: "a.siedd", trainer: "kernel" } as const;
  await assert.rejects(encode({ ...video, device: "cuda" }), {
    code: "bad-option",
    message: /--trainer onnx/,
  });
  await assert.rejects(encode({ ...video, profile: "paper" }), {
    code: "bad-option",
    message: /tile profile/,
  });
});

test("the kernel's least squares give the heads that onnxruntime's give, for widths that fill no vector as well", async () => {
  for (const trial of [{}, { width: 4 }, { width: 12, encoderWidth: 8 }]) {
    const { problem } = await realTraining({ ...trial, steps: 1, points: 32 });
    const options = { device: "cpu", threads: 1, seed: 5, keys: [1, 2] } as const;
    const kernel = await solveHeads(problem, { ...options, engine: "kernel" });
    const onnx = await solveHeads(problem, { ...options, engine: "onnx" });
    assert.ok(relativeError(kernel.head, [...onnx.head]) <= 1e-3, "head");
    assert.ok(relativeError(kernel.bias, [...onnx.bias]) <= 1e-3, "bias");
  }
});

test("the sums that a head is solved from keep five digits, so that units which hardly vary give no huge weights", async () => {
  const width = 24;
  const points = 384;
  const batches = 40;
  const { problem, plan } = await realTraining({ width, steps: batches, points });
  const { weights, network, target } = problem;
  // Units as they are in small tiles: near a crest of their sine whatever the point.
  const shifts = Float32Array.from({ length: width }, (_, unit) => (1 + 0.01 * unit) / network.omega);
  const bias = weights.get("hidden2_bias")!.map((_, i) => shifts[i % width]!);
  const still = new Map(weights).set("hidden2_bias", bias);
  still.set("hidden2", new Float32Array(weights.get("hidden2")!.length));
  const job = await KernelRun.create({ ...problem, weights: still }, plan, batches);
  try {
    job.draw(new Sampler(target, plan), batches);
    const { gram } = job.normalEquations(0, batches);
    const value = (unit: number) => (unit === width ? 1 : Math.sin(network.omega * shifts[unit]!));
    gram.forEach((sum, at) => {
      const expected = batches * points * value(Math.floor(at / (width + 1))) * value(at % (width + 1));
      assert.ok(Math.abs(sum / expected - 1) <= 5e-6, `sum ${at}: ${sum}, not ${expected}`);
    });
  } finally {
    job.release();
  }
});
