// npm run check:cuda: what the tests cannot check on a machine without a GPU. Trains real pixels of one group
// (20 frames, 144 tiles at 640 x 360) on the processor and with the CUDA execution provider from the same seed, with
// rounding and prices, and prints JSON: whether the losses agree at each of the first 50 steps, and the steps a
// second of both. Exits with 1 where they do not agree. `-- cpu` compares the processor with itself, to try the
// script; `--steps` and `--size` make it longer or smaller.
// NVIDIA_TF32_OVERRIDE=0 makes GPUs since Ampere multiply matrices in full float32 rather than in TF32.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { ensureModules, ensureNode, ensurePrograms, main, Refusal, root } from "./ensure.mjs";

const COMPARED = 50;
/** Largest difference of two losses, normalised mean squared errors that begin near 1. */
const TOLERANCE = 1e-3;

await main(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      steps: { type: "string", default: "1000" },
      size: { type: "string", default: "640x360" },
    },
  });
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg");
  if (!existsSync(join(root, "dist/test/real-training.js"))) await build();
  const { OnnxTrainer } = await import("../dist/encoder/training/onnx-trainer.js");
  const { lossesOf, realTraining } = await import("../dist/test/real-training.js");

  const steps = Number(values.steps);
  const [width, height] = values.size.split("x").map(Number);
  const trial = { picture: { width, height }, frames: 20, points: 256, coded: true, steps };
  const { problem, plan } = await realTraining(trial);
  // Rounded and priced from the first step on, which is what is compared.
  const training = { problem, plan: { ...plan, coding: { ...plan.coding, share: 1 } } };
  const devices = ["cpu", positionals[0] ?? "cuda"];
  const runs = [];
  // The GPU first: where there is none, that is known at once.
  for (const device of [...devices].reverse()) {
    const trainer = new OnnxTrainer({ device, threads: availableParallelism() });
    const { losses, stepsASecond } = await lossesOf(trainer, training).catch(refuse);
    runs.unshift({ losses: losses.slice(0, COMPARED), stepsASecond });
  }
  const [ours, theirs] = runs.map(({ losses }) => losses);
  const differences = ours.map((loss, step) => Math.abs(theirs[step] - loss));
  const largestDifference = Math.max(...differences);
  const agree = largestDifference <= TOLERANCE;
  const report = {
    devices,
    steps: COMPARED,
    agree,
    largestDifference,
    atStep: differences.indexOf(largestDifference),
    losses: [ours.at(-1), theirs.at(-1)],
    stepsASecond: runs.map(({ stepsASecond }) => Math.round(stepsASecond * 10) / 10),
    tf32: process.env.NVIDIA_TF32_OVERRIDE === "0" ? "off" : "as the GPU likes",
  };
  process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  return agree ? 0 : 1;
});

/** An error with a code is for the user; it becomes one line. */
function refuse(error) {
  throw error.code === undefined ? error : new Refusal(error.message);
}
