import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exportLoop } from "../../../../encoder/graph/onnx-export.js";
import { Operations } from "../../../../encoder/graph/operations.js";
import { type EncodeEvent, type EncodeOptions, EncoderError, encode } from "../../../../encoder/index.js";
import { Checkpoints } from "../../../../encoder/job/checkpoints.js";
import { choosePrecision, type PrecisionOptions } from "../../../../encoder/job/choose-precision.js";
import { WorkerPool } from "../../../../encoder/job/worker-pool.js";
import { resolveTileOptions } from "../../../../encoder/options.js";
import { resolvePaperOptions } from "../../../../encoder/paper/options.js";
import { trainPaper } from "../../../../encoder/paper/trainer.js";
import { tileTrainingStep } from "../../../../encoder/tile/training-graph.js";
import { runTileSteps, tileShape } from "../../../../encoder/tile/training-steps.js";
import { hasCudaProvider } from "../../../../encoder/training/onnx/cuda-provider.js";
import { slopesOf } from "../../../../encoder/training/onnx/loss-scaling.js";
import { floats, integers, loadGraph } from "../../../../encoder/training/onnx/onnx-runtime.js";
import { OnnxTrainer } from "../../../../encoder/training/onnx/onnx-trainer.js";
import type { Precision } from "../../../../encoder/training/onnx/precision.js";
import {
  decidePrecision,
  type TrialRun,
  tryPrecisions,
} from "../../../../encoder/training/onnx/precision-trial.js";
import type { TrainingProgress } from "../../../../encoder/training/trainer.js";
import { clip } from "../../../support/clips.js";
import { realPaperTraining, realTraining } from "../../../support/real-training.js";
import { tempFolder } from "../../../support/temp-folder.js";

const STEPS = 50;

type Train = (precision: Precision, onProgress: TrainingProgress) => Promise<unknown>;

async function losses(train: Train, precision: Precision): Promise<number[]> {
  const all: number[] = [];
  await train(precision, (_, some) => all.push(...some));
  return all;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const onCpu = { device: "cpu", threads: 1 } as const;

/** Trainings of both profiles on real pixels, and by which share of itself a loss may differ. */
const tile = async (trial: { encoderWidth?: number; coded?: boolean }): Promise<Train> => {
  const { problem, plan } = await realTraining({ ...trial, steps: STEPS, points: 64 });
  return (precision, onProgress) =>
    new OnnxTrainer({ ...onCpu, precision }).train(problem, plan, { onProgress });
};
const paper = async (learnEncoder: boolean, plan: object, factors?: object): Promise<Train> => {
  const sizes = { frequencies: 4, omega: 30, width: 48, encoderLayers: 2, hiddenLayers: 3, patch: 1 };
  const whole = { profile: "paper" as const, ...sizes, factors: undefined };
  const made = await realPaperTraining({
    network: factors === undefined ? whole : { ...whole, factors: factors as never },
    learnEncoder,
    frames: 3,
    frame: { width: 120, height: 68 },
    plan: { steps: STEPS, points: 128, ...plan },
  });
  return (precision, onProgress) =>
    trainPaper(made.problem, made.plan, { trainer: "onnx", ...onCpu, precision, onProgress });
};
const trainings: Record<string, { train: () => Promise<Train>; tolerance: number }> = {
  "tiles, for accuracy alone": { train: () => tile({}), tolerance: 0.005 },
  "tiles with a shared encoder that is learned": { train: () => tile({ encoderWidth: 8 }), tolerance: 0.02 },
  "tiles with rounding and prices": { train: () => tile({ coded: true }), tolerance: 0.06 },
  "paper, phase 1": { train: () => paper(true, { learningRate: 1e-3 }), tolerance: 0.01 },
  "paper, a group by one-cycle Adam and absolute errors": {
    train: () => paper(false, { optimizer: "adam-onecycle", loss: "l1", learningRate: 1e-3 }),
    tolerance: 0.01,
  },
  "paper, sine low rank": {
    train: () => paper(true, { learningRate: 1e-3 }, { rank: 6, frequency: 200, amplitude: Math.sqrt(6 / 48) / 30 }),
    tolerance: 0.01,
  },
};

for (const [name, { train, tolerance }] of Object.entries(trainings)) {
  test(`half precision learns as float32 does, step by step: ${name}`, async () => {
    const run = await train();
    const full = await losses(run, "float32");
    const half = await losses(run, "float16");
    assert.equal(half.length, STEPS);
    full.forEach((loss, step) => {
      const difference = Math.abs(half[step] - loss);
      assert.ok(difference <= tolerance * loss, `step ${step}: ${half[step]}, not ${loss}`);
    });
    assert.ok(Math.abs(mean(half.slice(-12)) / mean(full.slice(-12)) - 1) < 0.01);
    assert.ok(half[STEPS - 1] < 0.9 * half[0], `${half}`);
    // What float16 cannot hold is really lost: not one loss after the first steps is float32's.
    assert.ok(half.slice(5).every((loss, i) => loss !== full[i + 5]));
  });
}

test("the graph that a GPU gets runs as it is, in float16 as the provider computes it", async () => {
  const { problem, plan } = await realTraining({ coded: true, steps: 25, points: 64 });
  const shape = tileShape(problem, plan.points);
  const rate = plan.motionRate / plan.rate;
  const trained = async (products: "float32" | "float16") => {
    const step = tileTrainingStep(shape, problem.learnEncoder, rate, plan.coding, products);
    const graph = await loadGraph(exportLoop(step), "cpu", 1);
    const all: number[] = [];
    await runTileSteps(graph, problem, plan, shape, { onProgress: (_, some) => all.push(...some) }, products);
    await graph.release();
    return all;
  };
  const [full, half] = [await trained("float32"), await trained("float16")];
  full.forEach((loss, step) => {
    assert.ok(Math.abs(half[step] - loss) <= 0.02 * loss, `step ${step}: ${half[step]}, not ${loss}`);
  });
});

/** w of y = w x descends towards y = 3 by the slopes of `size` times its squared error; each step's w and scale. */
async function descend(size: number, first: number, steps: number) {
  const g = new Operations("rounded");
  const w = g.input("w", [1, 1]);
  const error = g.subtract(g.product(w, g.constant([2], [1, 1])), g.constant([3], [1, 1]));
  const loss = g.reshape(g.scale(g.multiply(error, error), size), [1]);
  const { slopes, state } = slopesOf(g, loss, [w], first);
  const after = g.subtract(w, g.scale(slopes[0], 0.05 / size));
  const [{ before: scale }] = state;
  const model = exportLoop({
    state: [{ before: w, after }, ...state],
    perStep: [],
    record: { weight: w, factor: scale },
  });
  const graph = await loadGraph(model, "cpu", 1);
  const { weight, factor } = await graph.run({
    steps: integers(BigInt64Array.of(BigInt(steps)), []),
    first_w: floats(Float32Array.of(1), [1, 1]),
    first_loss_scale: floats(Float32Array.of(first), [1]),
  });
  await graph.release();
  return { weight: [...weight], factor: [...factor] };
}

test("slopes that float16 cannot hold are scaled into its range, and a step that overflows is none", async () => {
  const lost = await descend(1e-10, 1, 8);
  assert.deepEqual(lost.weight, new Array(8).fill(1), "without a factor the slope vanishes");
  const found = await descend(1e-10, 2 ** 30, 8);
  assert.ok(Math.abs(found.weight[7] - 1.5) < 0.02, `${found.weight}`);
  // 2 x 2 x error x 2^20 is more than 65,504 until the factor has been halved some times.
  const overflowing = await descend(1, 2 ** 20, 30);
  const still = overflowing.weight.filter((w) => w === 1).length - 1;
  assert.ok(still > 3 && still < 10, `${still} steps without a slope`);
  assert.deepEqual(
    overflowing.factor.slice(0, still + 1),
    Array.from({ length: still + 1 }, (_, i) => 2 ** (20 - i)),
  );
  const { factor } = overflowing;
  assert.ok(factor[29] > factor[still] && factor[29] <= 2 ** 20, `${factor}`);
  assert.ok(Math.abs(overflowing.weight[29] - 1.5) < 0.01, `${overflowing.weight}`);
});

const run = (losses: readonly number[], stepsPerSecond: number): TrialRun => ({ losses, stepsPerSecond });

test("auto takes half precision where it is no worse and faster by a tenth, and says why", () => {
  const full = run([1, 0.5, 0.2, 0.1], 100);
  for (const [half, precision, why] of [
    [run([1, 0.5, 0.2, 0.1015], 170), "float16", /taken: 1\.70 times as fast .* losses 1\.5 % higher/],
    [run([1, 0.5, 0.2, 0.1], 105), "float32", /not taken: 1\.05 times as fast/],
    [run([1, 0.5, 0.2, 0.103], 170), "float32", /not taken: its losses are 3\.0 % higher after 4 steps/],
    [run([1, 0.5, 0.2, 0.097], 170), "float16", /taken: .* losses 3\.0 % lower/],
    [run([1, 0.5, Number.NaN, Number.NaN], 170), "float32", /not taken: it diverges/],
  ] as const) {
    const decision = decidePrecision(full, half);
    assert.equal(decision.precision, precision, decision.message);
    assert.match(decision.message, why);
  }
});

test("a trial trains both precisions, in either profile", async () => {
  const { problem, plan } = await realTraining({ steps: 1, points: 16 });
  const sizes = { width: 8, encoderLayers: 2, hiddenLayers: 1, patch: 1, factors: undefined };
  const made = await realPaperTraining({
    network: { profile: "paper", frequencies: 4, omega: 30, ...sizes },
    learnEncoder: true,
    frames: 2,
    frame: { width: 48, height: 27 },
    plan: { steps: 1, points: 16 },
  });
  const common = { trainer: "onnx", device: "cpu", precision: "float32" } as const;
  const { network, target, width, weights } = problem;
  const start = { kind: "train", network, target, width, start: weights, plan, steps: undefined } as const;
  const anchors = { kind: "paper-anchors", encoder: undefined, threads: 1 } as const;
  const pool = new WorkerPool(1);
  try {
    for (const job of [
      { ...common, ...start },
      { ...common, ...anchors, network: made.problem.network, target: made.problem.target, plan: made.plan },
    ]) {
      const { precision, message } = await pool.run({ kind: "trial", job }).result;
      // Which is faster on a processor is not ours to say.
      assert.match(message, /^half precision (not )?taken: .*(fast as float32 here|after 600 steps)/);
      assert.equal(precision === "float16", message.startsWith("half precision taken"));
    }
  } finally {
    await pool.close();
  }
});

test("where half precision fails in a trial it is not taken, and an interruption ends the trial", async () => {
  const never = new AbortController().signal;
  const failing = async (precision: Precision, onProgress: TrainingProgress) => {
    onProgress(1, Float32Array.of(1));
    if (precision === "float16") throw new Error("no kernel\nfor MatMul");
  };
  const failed = await tryPrecisions(failing, never);
  assert.deepEqual(failed, {
    precision: "float32",
    message: "half precision not taken: onnxruntime does not run it here (no kernel)",
  });
  const interrupted = new AbortController();
  const stopped = tryPrecisions(async (precision, onProgress) => {
    if (precision === "float16") interrupted.abort(new Error("stopped"));
    await failing(precision, onProgress);
  }, interrupted.signal);
  await assert.rejects(stopped, /stopped/);
});

/** A brief encode of real frames; its bytes and what it told. */
async function brief(output: string, options: Partial<EncodeOptions>) {
  const events: EncodeEvent[] = [];
  const part = { from: 1, to: 1.25, size: { width: 120, height: 68 }, seed: 3, workers: 1 };
  const summary = await encode({
    input: await clip("bunny"),
    output,
    ...part,
    trainer: "onnx",
    ...options,
    onEvent: (event) => {
      events.push(event);
      options.onEvent?.(event);
    },
  });
  return { summary, bytes: await readFile(output), told: events.filter(({ type }) => type === "precision") };
}

/** Enough tiles that chance in single ones averages out: five seeds differ by 0.03 to 0.09 dB. */
const TILE = {
  preset: "draft",
  size: { width: 200, height: 112 },
  steps: 150,
  phase1Steps: 60,
  points: 64,
} as const;
const PAPER = { profile: "paper", width: 16, steps: 30, phase1Steps: 30, points: 64 } as const;

/** What a machine with a GPU leaves when its trial has settled on half precision, before it has trained anything. */
const SETTLED = { precision: "float16", message: "half precision taken: 1.70 times as fast" };

/** An encode that was interrupted after its trial, resumed. */
async function resumed(output: string, options: Partial<EncodeOptions>) {
  const stop = new AbortController();
  const interrupted = brief(output, {
    ...options,
    signal: stop.signal,
    onEvent: ({ type }) => type === "analyzed" && stop.abort(),
  });
  await assert.rejects(interrupted, (error) => error instanceof EncoderError && error.code === "interrupted");
  await writeFile(join(`${output}.work`, "precision.json"), JSON.stringify(SETTLED));
  return brief(output, { ...options, resume: true });
}

const skip = hasCudaProvider() && "with a GPU, auto would train on it";

test("--precision float16 encodes within 0.3 dB of float32, and so does auto where that was settled before an interruption", {
  skip,
}, async (t) => {
  const folder = await tempFolder(t);
  const full = await brief(join(folder, "full.siedd"), { ...TILE, precision: "float32" });
  const half = await brief(join(folder, "half.siedd"), { ...TILE, precision: "float16" });
  const { psnr } = half.summary;
  assert.ok(Math.abs(psnr - full.summary.psnr) < 0.3, `${psnr} dB, not ${full.summary.psnr}`);
  assert.notDeepEqual(half.bytes, full.bytes);
  assert.deepEqual([full.told, half.told], [[], []]);
  const auto = await resumed(join(folder, "auto.siedd"), TILE);
  assert.deepEqual(auto.told, [{ type: "precision", ...SETTLED }]);
  assert.deepEqual(auto.bytes, half.bytes);
});

test("the paper profile goes on in the precision that was settled too", { skip }, async (t) => {
  const folder = await tempFolder(t);
  const half = await brief(join(folder, "half.siedd"), { ...PAPER, precision: "float16" });
  const auto = await resumed(join(folder, "auto.siedd"), PAPER);
  assert.deepEqual(auto.bytes, half.bytes);
});

test("auto is float32 on a processor without a trial, and what was settled once without another", async (t) => {
  const checkpoints = await Checkpoints.open(join(await tempFolder(t), "video.siedd"), {}, false);
  const told: EncodeEvent[] = [];
  const settle = (asked: Partial<PrecisionOptions>, trial = async () => assert.fail("a trial")) =>
    choosePrecision(
      { precision: "auto", trainer: "onnx", device: "auto", ...asked },
      checkpoints,
      (event) => told.push(event),
      trial,
    );
  assert.equal(await settle({ device: "cpu" }), "float32");
  assert.equal(await settle({ trainer: "kernel" }), "float32");
  assert.equal(await settle({ precision: "float16", device: "cpu" }), "float16");
  if (!hasCudaProvider()) assert.equal(await settle({}), "float32");
  assert.deepEqual(told, []);
  await checkpoints.writePrecision({ precision: "float16", message: "faster" });
  assert.equal(await settle({}), "float16");
  assert.deepEqual(told, [{ type: "precision", precision: "float16", message: "faster" }]);
  await checkpoints.remove();
});

test("--precision chooses the trainer that has it, and says in one sentence where none has", () => {
  const paths = { input: "a.mp4", output: "a.siedd" };
  assert.equal(resolveTileOptions({ ...paths, device: "cpu", precision: "float16" }).trainer, "onnx");
  assert.equal(resolveTileOptions({ ...paths, device: "cpu", precision: "float32" }).trainer, "kernel");
  assert.equal(resolveTileOptions({ ...paths }).precision, "auto");
  const refused = (options: Partial<EncodeOptions>, message: RegExp) => {
    const resolve = options.profile === "paper" ? resolvePaperOptions : resolveTileOptions;
    assert.throws(
      () => resolve({ ...paths, ...options }),
      (error) => error instanceof EncoderError && error.code === "bad-option" && message.test(error.message),
    );
  };
  refused({ precision: "half" as "auto" }, /^--precision must be auto, float32 or float16, not half$/);
  refused(
    { precision: "float16", trainer: "kernel" },
    /^--trainer kernel trains in float32: leave --precision float16 out, or take --trainer onnx$/,
  );
  refused({ precision: "float16", trainer: "tfjs", profile: "paper" }, /^--trainer tfjs trains in float32/);
});
