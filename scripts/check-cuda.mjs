// npm run check:cuda: what the tests cannot check on a machine without a GPU. Trains real pixels of one group
// (20 frames, 144 tiles at 640 x 360) on the processor and with the CUDA execution provider from the same seed, with
// rounding and prices, and prints JSON: whether the losses agree at each of the first 50 steps, and the steps a
// second of both. Exits with 1 where they do not agree. Then trains the group, and one of the paper profile (width 512
// as in --preset s), on the GPU in float32 and in half precision: `half` has the steps a second of both, their ratio, by
// which share the mean losses of the last quarter are higher in half precision, and what --precision auto would take
// and why.
// `-- cpu` compares the processor with itself, to try the script; `--steps`, `--size` and `--paper-width` make it longer or smaller.
// NVIDIA_TF32_OVERRIDE=0 makes GPUs since Ampere multiply matrices in full float32 rather than in TF32.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureModules, ensureNode, ensurePrograms, main, Refusal, root } from "./ensure.mjs";

const COMPARED = 50;
/** Largest difference of two losses, normalized mean squared errors that begin near 1. */
const TOLERANCE = 1e-3;

await main(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      steps: { type: "string", default: "1000" },
      size: { type: "string", default: "640x360" },
      "paper-width": { type: "string", default: "512" },
    },
  });
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg");
  if (!existsSync(join(root, "dist/test/support/real-training.js"))) await build();
  const { OnnxTrainer } = await import("../dist/encoder/training/onnx/onnx-trainer.js");
  const { trainPaper } = await import("../dist/encoder/paper/trainer.js");
  const { comparePrecisions, decidePrecision, trialRun } = await import(
    "../dist/encoder/training/onnx/precision-trial.js"
  );
  const { lossesOf, realPaperTraining, realTraining } = await import("../dist/test/support/real-training.js");

  const steps = Number(values.steps);
  const [width, height] = values.size.split("x").map(Number);
  const picture = { width, height };
  const threads = availableParallelism();
  const trial = { picture, frames: 20, points: 256, coded: true, steps };
  const { problem, plan } = await realTraining(trial);
  // Rounded and priced from the first step on, which is what is compared.
  const training = { problem, plan: { ...plan, coding: { ...plan.coding, share: 1 } } };
  const device = positionals[0] ?? "cuda";
  const devices = ["cpu", device];
  const runs = [];
  // The GPU first: where there is none, that is known at once.
  for (const device of [...devices].reverse()) {
    const trainer = new OnnxTrainer({ device, threads });
    const { losses, stepsASecond } = await lossesOf(trainer, training).catch(refuse);
    runs.unshift({ losses: losses.slice(0, COMPARED), stepsASecond });
  }
  const [ours, theirs] = runs.map(({ losses }) => losses);
  const differences = ours.map((loss, step) => Math.abs(theirs[step] - loss));
  const largestDifference = Math.max(...differences);
  const agree = largestDifference <= TOLERANCE;

  /** `train` gets a precision and what to call with the losses. */
  const inBoth = async (train) => {
    const full = await trialRun((onProgress) => train("float32", onProgress));
    try {
      const half = await trialRun((onProgress) => train("float16", onProgress));
      const { gain, difference } = comparePrecisions(full, half);
      const stepsASecond = { float32: rounded(full.stepsASecond), float16: rounded(half.stepsASecond) };
      const last = { float32: full.losses.at(-1), float16: half.losses.at(-1) };
      const auto = decidePrecision(full, half).message;
      return { stepsASecond, speedRatio: gain, lossDifference: difference, lastLoss: last, auto };
    } catch (error) {
      return { failed: error.message };
    }
  };
  const sizes = { width: Number(values["paper-width"]), encoderLayers: 2, hiddenLayers: 3, patch: 1 };
  const paper = await realPaperTraining({
    network: { profile: "paper", frequencies: 4, omega: 30, ...sizes, factors: undefined },
    learnEncoder: false,
    frames: 20,
    picture,
    plan: { steps, points: Math.max(64, Math.ceil((width * height) / 1024)) },
  });
  const half = {
    tile: await inBoth((precision, onProgress) =>
      new OnnxTrainer({ device, threads, precision }).train(problem, plan, { onProgress }),
    ),
    paper: await inBoth((precision, onProgress) =>
      trainPaper(paper.problem, paper.plan, { trainer: "onnx", device, threads, precision, onProgress }),
    ),
  };
  const report = {
    devices,
    steps: COMPARED,
    agree,
    largestDifference,
    atStep: differences.indexOf(largestDifference),
    losses: [ours.at(-1), theirs.at(-1)],
    stepsASecond: runs.map(({ stepsASecond }) => rounded(stepsASecond)),
    half,
    tf32: process.env.NVIDIA_TF32_OVERRIDE === "0" ? "off" : "as the GPU likes",
  };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  return agree ? 0 : 1;
});

function rounded(rate) {
  return Math.round(rate * 10) / 10;
}

/** An error with a code is for the user; it becomes one line. */
function refuse(error) {
  throw error.code === undefined ? error : new Refusal(error.message);
}
