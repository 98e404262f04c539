// npm run check:cuda [-- cpu] [--steps n] [--size WxH] [--paper-width n]: checks what the tests cannot check without a
// GPU, and prints JSON.
//
// 1. Trains real pixels of one group (20 frames, 144 tiles at 640 x 360) from the same seed on the CPU and on the GPU,
//    with quantization and rate terms. `agree` is whether the losses of the first 50 steps agree; if not, the exit code
//    is 1. `stepsPerSecond` is the speed of both devices.
// 2. Trains the group, and a group of the paper profile (width 512, as in --preset s), on the GPU in float32 and in
//    float16. `half` has both speeds, their ratio, the relative difference of the mean losses of the last quarter, and
//    the choice of --precision auto with its reason.
//
// With `cpu`, the CPU is compared with itself, to test this script. NVIDIA_TF32_OVERRIDE=0 makes GPUs since Ampere
// multiply matrices in float32 instead of TF32.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureModules, ensureNode, ensurePrograms, main, root, ScriptError } from "./ensure.mjs";

const COMPARED_STEPS = 50;
/** Maximum difference of two losses, which are normalized mean squared errors that start near 1. */
const TOLERANCE = 1e-3;
const FRAMES = 20;
const POINTS = 256;

await main(async () => {
  const options = parseOptions();
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg");
  if (!existsSync(join(root, "dist/test/support/real-training.js"))) await build();
  const devices = await compareDevices(options);
  const report = { ...devices, half: await compareAllPrecisions(options), tf32: tf32Mode() };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  return report.agree ? 0 : 1;
});

function parseOptions() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      steps: { type: "string", default: "1000" },
      size: { type: "string", default: "640x360" },
      "paper-width": { type: "string", default: "512" },
    },
  });
  const [width, height] = values.size.split("x").map(Number);
  return {
    device: positionals[0] ?? "cuda",
    steps: Number(values.steps),
    frame: { width, height },
    paperWidth: Number(values["paper-width"]),
    threads: availableParallelism(),
  };
}

async function tileTraining({ frame, steps }) {
  const { realTraining } = await import("../dist/test/support/real-training.js");
  return realTraining({ frame, frames: FRAMES, points: POINTS, quantized: true, steps });
}

/** Trains on both devices, and compares the losses step by step. */
async function compareDevices(options) {
  const { OnnxTrainer } = await import("../dist/encoder/training/onnx/onnx-trainer.js");
  const { lossesOf } = await import("../dist/test/support/real-training.js");
  const { problem, plan } = await tileTraining(options);
  // Quantizes from the first step, so that the compared steps include quantization.
  const training = { problem, plan: { ...plan, quantization: { ...plan.quantization, activeShare: 1 } } };
  const devices = ["cpu", options.device];
  const runs = [];
  // The GPU first, so that a missing GPU is reported at once.
  for (const device of [...devices].reverse()) {
    const trainer = new OnnxTrainer({ device, threads: options.threads });
    const { losses, stepsPerSecond } = await lossesOf(trainer, training).catch(rethrow);
    runs.unshift({ losses: losses.slice(0, COMPARED_STEPS), stepsPerSecond });
  }
  const [cpu, gpu] = runs.map(({ losses }) => losses);
  const differences = cpu.map((loss, step) => Math.abs(gpu[step] - loss));
  const largestDifference = Math.max(...differences);
  return {
    devices,
    steps: COMPARED_STEPS,
    agree: largestDifference <= TOLERANCE,
    largestDifference,
    atStep: differences.indexOf(largestDifference),
    losses: [cpu.at(-1), gpu.at(-1)],
    stepsPerSecond: runs.map(({ stepsPerSecond }) => rounded(stepsPerSecond)),
  };
}

/** Trains both profiles on the GPU in both precisions. */
async function compareAllPrecisions(options) {
  const { OnnxTrainer } = await import("../dist/encoder/training/onnx/onnx-trainer.js");
  const { trainPaper } = await import("../dist/encoder/paper/trainer.js");
  const { realPaperTraining } = await import("../dist/test/support/real-training.js");
  const { device, threads, frame, steps, paperWidth: width } = options;
  const tile = await tileTraining(options);
  const layers = { width, encoderLayers: 2, hiddenLayers: 3, patch: 1, factors: undefined };
  const paper = await realPaperTraining({
    network: { profile: "paper", frequencies: 4, omega: 30, ...layers },
    learnEncoder: false,
    frames: FRAMES,
    frame,
    plan: { steps, points: Math.max(64, Math.ceil((frame.width * frame.height) / 1024)) },
  });
  return {
    tile: await comparePrecisions((precision, onProgress) =>
      new OnnxTrainer({ device, threads, precision }).train(tile.problem, tile.plan, { onProgress }),
    ),
    paper: await comparePrecisions((precision, onProgress) =>
      trainPaper(paper.problem, paper.plan, { trainer: "onnx", device, threads, precision, onProgress }),
    ),
  };
}

/** Trains in float32 and in float16. @param train takes the precision, and a callback for losses */
async function comparePrecisions(train) {
  const trial = await import("../dist/encoder/training/onnx/precision-trial.js");
  const full = await trial.measureTrial((onProgress) => train("float32", onProgress));
  try {
    const half = await trial.measureTrial((onProgress) => train("float16", onProgress));
    const { speedup, lossIncrease } = trial.comparePrecisions(full, half);
    return {
      stepsPerSecond: { float32: rounded(full.stepsPerSecond), float16: rounded(half.stepsPerSecond) },
      speedup,
      lossDifference: lossIncrease,
      lastLoss: { float32: full.losses.at(-1), float16: half.losses.at(-1) },
      auto: trial.decidePrecision(full, half).message,
    };
  } catch (error) {
    return { failed: error.message };
  }
}

function tf32Mode() {
  return process.env.NVIDIA_TF32_OVERRIDE === "0" ? "off" : "default";
}

function rounded(rate) {
  return Math.round(rate * 10) / 10;
}

/** Converts an error with a code, which is expected, to a one-line message for the user. Rethrows other errors. */
function rethrow(error) {
  throw error.code === undefined ? error : new ScriptError(error.message);
}
