import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { CHANNELS } from "../codec/internal.js";
import { WorkerPool } from "../encoder/job/worker-pool.js";
import { planGroups } from "../encoder/plan/groups.js";
import { tileRanges } from "../encoder/plan/tile-grid.js";
import { tileWindows } from "../encoder/tile/windows.js";
import type { TileTrainerName } from "../encoder/training/choose-trainer.js";
import { Random } from "../encoder/training/sampling/random.js";
import { machine, rounded } from "./machine.js";

// The training step at the shapes of the PyTorch reference (9x16 tiles of width 16, three sine layers, 20
// frames, 256 points a tile), in points a second on all cores, by the kernel and by onnxruntime. With SIEDD_ORACLE=path
// of the reference script (and SIEDD_PYTHON, default python3, with PyTorch), all run in turns and ratios are given.
// Ours descend by Muon, the reference by Adam, which is less work.

const STEPS = 300;
const POINTS = 256;
const FRAMES = 20;
const ROUNDS = 3;
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

/** Seconds for STEPS steps of all tiles by worker threads; the pixels do not matter to the time. */
async function ours(trainer: TileTrainerName, workers: number): Promise<number> {
  const pool = new WorkerPool(workers);
  const random = new Random(1);
  const [frameWidth, frameHeight] = [640, 360];
  const windows = tileWindows(network, frameWidth, frameHeight);
  const bytes = FRAMES * frameWidth * frameHeight * CHANNELS;
  const frames = new Uint8Array(new SharedArrayBuffer(bytes));
  for (let i = 0; i < bytes; i++) frames[i] = random.below(256);
  const jobs = tileRanges(network, { trainer, device: "cpu" }).map((range) => ({
    kind: "train" as const,
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
    start: undefined,
    plan: { steps: STEPS, points: POINTS, rate: 4e-3, motionRate: 3e-3, seed: 1, keys: [range.first] },
    trainer,
    device: "cpu" as const,
    precision: "float32" as const,
    steps: undefined,
  }));
  try {
    await pool.loaded;
    const started = performance.now();
    await Promise.all(jobs.map((job) => pool.run(job).result));
    return (performance.now() - started) / 1000;
  } finally {
    await pool.close();
  }
}

/** Seconds a step of the reference, from what it prints of its second phase. */
async function reference(script: string): Promise<number> {
  const shapes = ["--profile", "tile", "--encoder-width", "0", "--layers", "3", "--steps", String(STEPS)];
  const clip = process.env.SIEDD_CLIP ?? "../shared/media/bunny.mp4";
  const { stdout } = await promisify(execFile)(process.env.SIEDD_PYTHON ?? "python3", [
    script,
    "train",
    clip,
    ...shapes,
  ]);
  const found = /phase 2, group *: (\d+) steps ([\d.]+) s/.exec(stdout);
  if (found === null) throw new Error(`the reference printed something else: ${stdout}`);
  return Number(found[2]) / Number(found[1]);
}

const before = machine();
const cores = availableParallelism();
const script = process.env.SIEDD_ORACLE;
/** Seconds a step, of each round. */
const seconds: Record<string, number[]> = { kernel: [], onnx: [] };
for (let round = 0; round < ROUNDS; round++) {
  for (const trainer of ["kernel", "onnx"] as const)
    seconds[trainer].push((await ours(trainer, cores)) / STEPS);
  if (script === undefined || !existsSync(script)) continue;
  seconds.reference ??= [];
  seconds.reference.push(await reference(script));
}
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** How many times faster one is than another: the median of the rounds' ratios. */
const ratio = (fast: string, slow: string): number =>
  rounded(median(seconds[slow].map((value, round) => value / seconds[fast][round])));
const figures = Object.entries(seconds).map(([name, values]) => [
  name,
  {
    stepMilliseconds: rounded(1000 * median(values)),
    microsecondsATileAndCore: rounded((1e6 * median(values) * cores) / tiles, 1),
    megapointsPerSecond: rounded((tiles * POINTS) / median(values) / 1e6, 3),
    ...(name === "kernel" ? {} : { kernelIsFasterBy: ratio("kernel", name) }),
  },
]);
const result = {
  bench: "training",
  machine: before,
  shape: { tiles, points: POINTS, width: 16, hiddenLayers: 3, frames: FRAMES },
  ...Object.fromEntries(figures),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
