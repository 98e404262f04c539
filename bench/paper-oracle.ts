import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { WorkerPool } from "../encoder/job/worker-pool.js";
import { planAnchorFrames } from "../encoder/paper/plan.js";
import { loadTarget } from "../encoder/paper/target.js";
import { quantizeEncoder, startFromAnchors } from "../encoder/paper/weights.js";
import { probeVideo, readFrames } from "../media/index.js";
import { machine, rounded } from "./machine.js";

// The paper profile with the settings of the PyTorch reference: frames 40 to 59 of a clip at 640 x 360, width 256,
// phase 1 on seven anchor frames, Adam with a one-cycle schedule, 2048 coordinates a step drawn with replacement.
// SIEDD_CLIP names the clip; with SIEDD_ORACLE=path of the reference script (and SIEDD_PYTHON, default python3,
// with PyTorch) both run in turn. SIEDD_STEPS (default 1000) shortens both.

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
  rate: 3e-4,
  sampling: "replacement",
  loss: "mse",
  seed: 0,
} as const;

async function ours() {
  const info = await probeVideo(clip);
  const frames = Math.round((info.duration * info.frameRate.num) / info.frameRate.den);
  const anchors = planAnchorFrames(frames, 7);
  const read = (firstFrame: number, frameCount: number) =>
    readFrames(clip, info, { ...SIZE, firstFrame, frameCount });
  async function* anchorFrames() {
    for (const frame of anchors) yield* read(frame, 1);
  }
  const threads = availableParallelism();
  const job = { network, trainer: "onnx", device: "cpu", precision: "float32", threads } as const;
  const pool = new WorkerPool(1);
  try {
    await pool.loaded;
    const anchorTarget = await loadTarget(anchorFrames(), anchors.length, SIZE);
    const target = await loadTarget(read(GROUP.firstFrame, GROUP.frameCount), GROUP.frameCount, SIZE);
    const started = performance.now();
    const phase1 = { ...plan, steps: Math.round(steps / 2), keys: [1, 0] };
    const trained = await pool.run({
      ...job,
      kind: "paper-anchors",
      target: anchorTarget,
      plan: phase1,
      encoder: undefined,
    }).result;
    const between = performance.now();
    const encoder = quantizeEncoder(network, trained);
    const { payload, psnr } = await pool.run({
      ...job,
      kind: "paper-group",
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
      start: startFromAnchors(network, trained, anchors, GROUP),
    }).result;
    const ended = performance.now();
    return {
      phase1Seconds: rounded((between - started) / 1000),
      groupSeconds: rounded((ended - between) / 1000),
      psnr: rounded(psnr.reduce((sum, value) => sum + value, 0) / psnr.length),
      bytes: payload.length,
    };
  } finally {
    await pool.close();
  }
}

async function oracle(script: string) {
  const python = process.env.SIEDD_PYTHON ?? "python3";
  const args = [script, "train", clip, "--profile", "paper", "--start", "40", "--lr", "3e-4"];
  const { stdout } = await promisify(execFile)(python, [...args, "--steps", String(steps)]);
  const [phase1, phase2] = [...stdout.matchAll(/steps ([\d.]+) s, .* PSNR ([\d.]+) dB/g)];
  return { phase1Seconds: Number(phase1[1]), groupSeconds: Number(phase2[1]), psnr: Number(phase2[2]) };
}

const script = process.env.SIEDD_ORACLE;
if (script !== undefined && !existsSync(script)) throw new Error(`SIEDD_ORACLE: there is no file ${script}`);
const result = { bench: "paper-oracle", machine: machine(), steps, siedd: await ours() };
const reference = script === undefined ? {} : { pytorch: await oracle(script) };
process.stdout.write(`${JSON.stringify({ ...result, ...reference })}\n`);
