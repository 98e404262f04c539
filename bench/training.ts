import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { CHANNELS } from "../codec/internal.js";
import { WorkerPool } from "../encoder/job/worker-pool.js";
import { planGroups } from "../encoder/plan/groups.js";
import { tileRanges } from "../encoder/plan/tile-grid.js";
import { fasterVariant } from "../encoder/tile/kernel-trial.js";
import type { TileTasks } from "../encoder/tile/worker.js";
import type { TileTrainerName } from "../encoder/training/create-trainer.js";
import { Random } from "../encoder/training/sampling/random.js";
import { tileWindows } from "../encoder/training/sampling/tile-windows.js";
import { machine, rounded } from "./machine.js";

// Measures training steps with the shapes of the PyTorch reference (9x16 tiles of width 16, three sine layers, 20 frames,
// 256 points per tile) in points per second on all cores, for the kernel and for onnxruntime. With SIEDD_REFERENCE=path of
// the reference script (and SIEDD_PYTHON, default python3, with PyTorch), the reference runs too, alternating with them.
// The kernel and onnxruntime use Muon, the reference uses Adam, which is less work.

const STEPS = 300;
const POINTS = 256;
const FRAMES = 20;
const RUNS = 3;
const network = {
  profile: "tile",
  rows: 9,
  columns: 16,
  overlap: 0,
  frequencies: 4,
  omega: 20,
  encoderWidth: 0,
  hiddenLayers: 3,
} as const;
const tiles = network.rows * network.columns;

/** Measures the seconds for STEPS steps of all tiles on worker threads. Pixels are random: they do not affect the time. */
async function trainTiles(trainer: TileTrainerName, workers: number): Promise<number> {
  const worker = new URL("../encoder/tile/worker.js", import.meta.url);
  const pool = new WorkerPool<TileTasks>(worker, workers);
  const random = new Random(1);
  const [frameWidth, frameHeight] = [640, 360];
  const windows = tileWindows(network, frameWidth, frameHeight);
  const bytes = FRAMES * frameWidth * frameHeight * CHANNELS;
  const frames = new Uint8Array(new SharedArrayBuffer(bytes));
  for (let i = 0; i < bytes; i++) frames[i] = random.intBelow(256);
  const kernel = fasterVariant(await pool.run("compareKernels", undefined).result);
  const tasks = tileRanges(network, { trainer, device: "cpu" }).map((range) => ({
    network,
    target: {
      windows,
      tiles: range,
      frameCount: planGroups(FRAMES, [], { num: 25, den: 1 })[0].frameCount,
      normalization: { mean: 0.5, deviation: 0.25 },
      frames,
      frameWidth,
    },
    width: 16,
    plan: {
      steps: STEPS,
      points: POINTS,
      learningRate: 4e-3,
      motionLearningRate: 3e-3,
      seed: 1,
      keys: [range.first],
    },
    trainer,
    device: "cpu" as const,
    precision: "float32" as const,
    kernel,
    threads: 1,
  }));
  try {
    await pool.loaded;
    const started = performance.now();
    await Promise.all(tasks.map((task) => pool.run("train", task).result));
    return (performance.now() - started) / 1000;
  } finally {
    await pool.close();
  }
}

/** Returns the seconds per step of the reference, parsed from its output for phase 2. */
async function measureReference(script: string): Promise<number> {
  const shapes = ["--profile", "tile", "--encoder-width", "0", "--layers", "3", "--steps", String(STEPS)];
  const clip = process.env.SIEDD_CLIP ?? "../shared/media/bunny.mp4";
  const { stdout } = await promisify(execFile)(process.env.SIEDD_PYTHON ?? "python3", [
    script,
    "train",
    clip,
    ...shapes,
  ]);
  const match = /phase 2, group *: (\d+) steps ([\d.]+) s/.exec(stdout);
  if (match === null) throw new Error(`cannot parse the output of the reference: ${stdout}`);
  return Number(match[2]) / Number(match[1]);
}

const before = machine();
const cores = availableParallelism();
const script = process.env.SIEDD_REFERENCE;
/** Seconds per step of each run. */
const seconds: Record<string, number[]> = { kernel: [], onnx: [] };
for (let run = 0; run < RUNS; run++) {
  for (const trainer of ["kernel", "onnx"] as const)
    seconds[trainer].push((await trainTiles(trainer, cores)) / STEPS);
  if (script === undefined || !existsSync(script)) continue;
  seconds.reference ??= [];
  seconds.reference.push(await measureReference(script));
}
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** Returns how many times faster one trainer is than another: the median of the ratios of all runs. */
const speedup = (fast: string, slow: string): number =>
  rounded(median(seconds[slow].map((value, run) => value / seconds[fast][run])));
const results = Object.entries(seconds).map(([name, values]) => [
  name,
  {
    stepMilliseconds: rounded(1000 * median(values)),
    microsecondsPerTilePerCore: rounded((1e6 * median(values) * cores) / tiles, 1),
    megapointsPerSecond: rounded((tiles * POINTS) / median(values) / 1e6, 3),
    ...(name === "kernel" ? {} : { kernelSpeedup: speedup("kernel", name) }),
  },
]);
const result = {
  bench: "training",
  machine: before,
  shape: { tiles, points: POINTS, width: 16, hiddenLayers: 3, frames: FRAMES },
  ...Object.fromEntries(results),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
