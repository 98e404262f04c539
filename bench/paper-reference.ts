import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { WorkerPool } from "../encoder/job/worker-pool.js";
import { uniformAnchorFrames } from "../encoder/paper/plan.js";
import { loadPaperTarget } from "../encoder/paper/target.js";
import { quantizeEncoder, warmStartWeights } from "../encoder/paper/weights.js";
import type { PaperTasks } from "../encoder/paper/worker.js";
import { probeVideo, readFrames } from "../media/index.js";
import { machine, rounded } from "./machine.js";

// Trains the paper profile with the settings of the PyTorch reference: frames 40 to 59 of a clip at 640 x 360, width 256,
// phase 1 on seven anchor frames, Adam with a one-cycle schedule, 2048 coordinates per step sampled with replacement.
// SIEDD_CLIP sets the clip, SIEDD_STEPS (default 1000) the steps. With SIEDD_REFERENCE=path of the reference script (and
// SIEDD_PYTHON, default python3, with PyTorch) the reference runs afterwards.

const steps = Number(process.env.SIEDD_STEPS ?? 1000);
const clip = process.env.SIEDD_CLIP ?? join(import.meta.dirname, "../../../shared/media/bunny.mp4");
const SIZE = { width: 640, height: 360 };
const GROUP = { index: 0, firstFrame: 40, frameCount: 20 };
const network = {
  profile: "paper",
  frequencies: 4,
  omega: 30,
  width: 256,
  encoderLayers: 2,
  hiddenLayers: 3,
  patch: 1,
  factors: undefined,
} as const;
const plan = {
  points: 2048,
  optimizer: "adam-onecycle",
  learningRate: 3e-4,
  sampling: "replacement",
  loss: "mse",
  seed: 0,
} as const;

async function trainPaper() {
  const info = await probeVideo(clip);
  const frames = Math.round((info.duration * info.frameRate.num) / info.frameRate.den);
  const anchors = uniformAnchorFrames(frames, 7);
  const read = (firstFrame: number, frameCount: number) =>
    readFrames(clip, info, { ...SIZE, firstFrame, frameCount });
  async function* anchorFrames() {
    for (const frame of anchors) yield* read(frame, 1);
  }
  const threads = availableParallelism();
  const job = { network, trainer: "onnx", device: "cpu", precision: "float32", threads } as const;
  const worker = new URL("../encoder/paper/worker.js", import.meta.url);
  const pool = new WorkerPool<PaperTasks>(worker, 1);
  try {
    await pool.loaded;
    const anchorTarget = await loadPaperTarget(anchorFrames(), anchors.length, SIZE);
    const target = await loadPaperTarget(read(GROUP.firstFrame, GROUP.frameCount), GROUP.frameCount, SIZE);
    const started = performance.now();
    const phase1 = { ...plan, steps: Math.round(steps / 2), keys: [1, 0] };
    const anchorsTask = { ...job, target: anchorTarget, plan: phase1, encoder: undefined };
    const trained = await pool.run("trainAnchors", anchorsTask).result;
    const phase1Ended = performance.now();
    const encoder = quantizeEncoder(network, trained);
    const { payload, psnr } = await pool.run("trainGroup", {
      ...job,
      target,
      plan: { ...plan, steps, keys: [2, 0] },
      index: 0,
      asset: {
        ...SIZE,
        profile: "paper",
        network,
        encoder,
        groups: [{ ...GROUP, offset: 0, size: 0 }],
      },
      start: warmStartWeights(network, trained, anchors, GROUP),
    }).result;
    const ended = performance.now();
    return {
      phase1Seconds: rounded((phase1Ended - started) / 1000),
      groupSeconds: rounded((ended - phase1Ended) / 1000),
      psnr: rounded(psnr.reduce((sum, value) => sum + value, 0) / psnr.length),
      bytes: payload.length,
    };
  } finally {
    await pool.close();
  }
}

async function runReference(script: string) {
  const python = process.env.SIEDD_PYTHON ?? "python3";
  const args = [script, "train", clip, "--profile", "paper", "--start", "40", "--lr", "3e-4"];
  const { stdout } = await promisify(execFile)(python, [...args, "--steps", String(steps)]);
  const [phase1, phase2] = [...stdout.matchAll(/steps ([\d.]+) s, .* PSNR ([\d.]+) dB/g)];
  return { phase1Seconds: Number(phase1[1]), groupSeconds: Number(phase2[1]), psnr: Number(phase2[2]) };
}

const script = process.env.SIEDD_REFERENCE;
if (script !== undefined && !existsSync(script))
  throw new Error(`SIEDD_REFERENCE must be an existing file, got ${script}`);
const result = { bench: "paper-reference", machine: machine(), steps, siedd: await trainPaper() };
const reference = script === undefined ? {} : { pytorch: await runReference(script) };
process.stdout.write(`${JSON.stringify({ ...result, ...reference })}\n`);
