import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exportLoop } from "../../../../encoder/graph/onnx-export.js";
import { Operations } from "../../../../encoder/graph/operations.js";
import { type EncodeEvent, type EncodeOptions, EncoderError, encode } from "../../../../encoder/index.js";
import { trainPaper } from "../../../../encoder/paper/trainer.js";
import { hasCudaProvider } from "../../../../encoder/training/onnx/cuda-provider.js";
import { scaledGradients } from "../../../../encoder/training/onnx/loss-scaling.js";
import { float32Tensor, int64Tensor, loadGraph } from "../../../../encoder/training/onnx/onnx-runtime.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import type { Precision } from "../../../../encoder/training/onnx/precision.js";
import { tileTrainingStep } from "../../../../encoder/training/onnx/tile-training-graph.js";
import { runTileSteps, tileShape } from "../../../../encoder/training/onnx/training-steps.js";
import type { TrainingProgress } from "../../../../encoder/training/trainer.js";
import { clip } from "../../../support/clips.js";
import { realPaperTraining, realTraining } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

type Train = (precision: Precision, onProgress: TrainingProgress) => Promise<unknown>;

/** Returns the losses of all steps. */
async function losses(train: Train, precision: Precision): Promise<number[]> {
  const stepLosses: number[] = [];
  await train(precision, (_, newLosses) => stepLosses.push(...newLosses));
  return stepLosses;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const onCpu = { device: "cpu", threads: 1 } as const;

const tile = async (setup: { encoderWidth?: number; quantized?: boolean }): Promise<Train> => {
  const { problem, plan } = await realTraining({ ...setup, steps: STEPS, points: 64 });
  return (precision, onProgress) =>
    new OnnxTrainer({ ...onCpu, precision }).train(problem, plan, { onProgress });
};
const paper = async (learnEncoder: boolean, plan: object, factors?: object): Promise<Train> => {
  const sizes = { frequencies: 4, omega: 30, width: 48, encoderLayers: 2, hiddenLayers: 3, patch: 1 };
  const full = { profile: "paper" as const, ...sizes, factors: undefined };
  const training = await realPaperTraining({
    network: factors === undefined ? full : { ...full, factors: factors as never },
    learnEncoder,
    frames: 3,
    frame: { width: 120, height: 68 },
    plan: { steps: STEPS, points: 128, ...plan },
  });
  return (precision, onProgress) =>
    trainPaper(training.problem, training.plan, { trainer: "onnx", ...onCpu, precision, onProgress });
};
/** Training runs of both profiles on real pixels, with the maximum relative difference of a loss. */
const trainings: Record<string, { train: () => Promise<Train>; tolerance: number }> = {
  tiles: { train: () => tile({}), tolerance: 0.005 },
  "tiles with a trained shared encoder": { train: () => tile({ encoderWidth: 8 }), tolerance: 0.02 },
  "tiles with quantization-aware training": { train: () => tile({ quantized: true }), tolerance: 0.06 },
  "paper, phase 1": { train: () => paper(true, { learningRate: 1e-3 }), tolerance: 0.01 },
  "paper, a group with one-cycle Adam and L1 loss": {
    train: () => paper(false, { optimizer: "adam-onecycle", loss: "l1", learningRate: 1e-3 }),
    tolerance: 0.01,
  },
  "paper, sine low rank": {
    train: () =>
      paper(true, { learningRate: 1e-3 }, { rank: 6, frequency: 200, amplitude: Math.sqrt(6 / 48) / 30 }),
    tolerance: 0.01,
  },
};

for (const [name, { train, tolerance }] of Object.entries(trainings)) {
  test(`half precision has nearly the same loss as float32 at every step: ${name}`, async () => {
    const run = await train();
    const full = await losses(run, "float32");
    const half = await losses(run, "float16");
    assert.equal(half.length, STEPS);
    full.forEach((loss, step) => {
      const difference = Math.abs(half[step] - loss);
      assert.ok(difference <= tolerance * loss, `step ${step}: ${half[step]}, expected ${loss}`);
    });
    assert.ok(Math.abs(mean(half.slice(-12)) / mean(full.slice(-12)) - 1) < 0.01);
    assert.ok(half[STEPS - 1] < 0.9 * half[0], `${half}`);
    // The rounding takes effect: after the first steps, no loss equals the loss of float32.
    assert.ok(half.slice(5).every((loss, i) => loss !== full[i + 5]));
  });
}

test("the graph for a GPU runs in float16 on the CPU provider", async () => {
  const { problem, plan } = await realTraining({ quantized: true, steps: 25, points: 64 });
  const shape = tileShape(problem, plan.points);
  const train = async (matmulPrecision: "float32" | "float16", onProgress: TrainingProgress) => {
    const step = tileTrainingStep(shape, {
      learnEncoder: problem.learnEncoder,
      motionLearningRateScale: plan.motionLearningRate / plan.learningRate,
      quantization: plan.quantization,
      matmulPrecision,
    });
    const graph = await loadGraph(exportLoop(step), "cpu", 1);
    await runTileSteps(graph, { problem, plan, shape, precision: matmulPrecision }, { onProgress });
    await graph.release();
  };
  const [full, half] = [await losses(train, "float32"), await losses(train, "float16")];
  full.forEach((loss, step) => {
    assert.ok(Math.abs(half[step] - loss) <= 0.02 * loss, `step ${step}: ${half[step]}, expected ${loss}`);
  });
});

/** Minimizes `weight` * (2 w - 3)^2 from w = 1 by gradient descent. Returns w and the loss scale before each step. */
async function descend(weight: number, initialScale: number, steps: number) {
  const g = new Operations("rounded");
  const w = g.input("w", [1, 1]);
  const error = g.subtract(g.autocastMatmul(w, g.constant([2], [1, 1])), g.constant([3], [1, 1]));
  const loss = g.reshape(g.scale(g.multiply(error, error), weight), [1]);
  const { gradients, state } = scaledGradients(g, loss, [w], initialScale);
  const after = g.subtract(w, g.scale(gradients[0], 0.05 / weight));
  const [{ before: scale }] = state;
  const model = exportLoop({
    state: [{ before: w, after }, ...state],
    perStep: [],
    record: { w, scale },
  });
  const graph = await loadGraph(model, "cpu", 1);
  const results = await graph.run({
    steps: int64Tensor(BigInt64Array.of(BigInt(steps)), []),
    first_w: float32Tensor(Float32Array.of(1), [1, 1]),
    first_loss_scale: float32Tensor(Float32Array.of(initialScale), [1]),
  });
  await graph.release();
  return { w: [...results.w], scale: [...results.scale] };
}

test("loss scaling keeps small gradients, and a step that overflows changes only the scale", async () => {
  const unscaled = await descend(1e-10, 1, 8);
  assert.deepEqual(unscaled.w, new Array(8).fill(1), "without a scale the gradient underflows");
  const scaled = await descend(1e-10, 2 ** 30, 8);
  assert.ok(Math.abs(scaled.w[7] - 1.5) < 0.02, `${scaled.w}`);
  // 2 * 2 * error * 2^20 exceeds 65,504 until the scale has been halved several times.
  const { w, scale } = await descend(1, 2 ** 20, 30);
  const skipped = w.filter((value) => value === 1).length - 1;
  assert.ok(skipped > 3 && skipped < 10, `${skipped} skipped steps`);
  assert.deepEqual(
    scale.slice(0, skipped + 1),
    Array.from({ length: skipped + 1 }, (_, i) => 2 ** (20 - i)),
  );
  assert.ok(scale[29] > scale[skipped] && scale[29] <= 2 ** 20, `${scale}`);
  assert.ok(Math.abs(w[29] - 1.5) < 0.01, `${w}`);
});

/** Encodes a few real frames. Returns the summary, the bytes and the `precision` events. */
async function encodeBriefly(output: string, options: Partial<EncodeOptions>) {
  const events: EncodeEvent[] = [];
  const range = { from: 1, to: 1.25, size: { width: 120, height: 68 }, seed: 3, workers: 1 };
  const summary = await encode({
    input: await clip("bunny"),
    output,
    ...range,
    trainer: "onnx",
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return {
    summary,
    bytes: await readFile(output),
    decisions: events.filter(({ type }) => type === "precision"),
  };
}

/** Options with enough tiles that random differences average out: five seeds differ by 0.03 to 0.09 dB. */
const TILE = {
  preset: "draft",
  size: { width: 200, height: 112 },
  steps: 150,
  phase1Steps: 60,
  points: 64,
} as const;
const PAPER = { profile: "paper", width: 16, steps: 30, phase1Steps: 30, points: 64 } as const;

/** A decision as a trial on a GPU stores it. */
const DECISION = { precision: "float16", message: "training in half precision: 1.70 times as fast" };

/** Interrupts an encode after the analysis, stores the decision of a trial, and resumes it. */
async function resumeAfterTrial(output: string, options: Partial<EncodeOptions>) {
  const stop = new AbortController();
  const interrupted = encodeBriefly(output, {
    ...options,
    signal: stop.signal,
    onEvent: ({ type }) => type === "analyzed" && stop.abort(),
  });
  await assert.rejects(interrupted, (error) => error instanceof EncoderError && error.code === "interrupted");
  await writeFile(join(`${output}.work`, "precision.json"), JSON.stringify(DECISION));
  return encodeBriefly(output, { ...options, resume: true });
}

const skip = hasCudaProvider() && "auto would train on the GPU";

test("float16 encodes within 0.3 dB of float32, and a resumed encode keeps the precision that its trial chose", {
  skip,
}, async (t) => {
  const folder = await tempFolder(t);
  const full = await encodeBriefly(join(folder, "full.siedd"), { ...TILE, precision: "float32" });
  const half = await encodeBriefly(join(folder, "half.siedd"), { ...TILE, precision: "float16" });
  const { psnr } = half.summary;
  assert.ok(Math.abs(psnr - full.summary.psnr) < 0.3, `${psnr} dB, expected ${full.summary.psnr}`);
  assert.notDeepEqual(half.bytes, full.bytes);
  assert.deepEqual([full.decisions, half.decisions], [[], []]);
  const auto = await resumeAfterTrial(join(folder, "auto.siedd"), TILE);
  assert.deepEqual(auto.decisions, [{ type: "precision", ...DECISION }]);
  assert.deepEqual(auto.bytes, half.bytes);
});

test("a resumed encode of the paper profile keeps the precision that its trial chose", {
  skip,
}, async (t) => {
  const folder = await tempFolder(t);
  const half = await encodeBriefly(join(folder, "half.siedd"), { ...PAPER, precision: "float16" });
  const auto = await resumeAfterTrial(join(folder, "auto.siedd"), PAPER);
  assert.deepEqual(auto.bytes, half.bytes);
});
