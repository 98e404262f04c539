import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fullRegion, KernelDecoder, memorySource, openAsset, type Viewport } from "../codec/internal.js";
import { DecodePool, decodeFrames } from "../decode-pool/index.js";
import { BALANCED } from "./decoding/balanced.js";
import { loadCeiling } from "./decoding/ceiling.js";
import { compareEngines } from "./decoding/engines.js";
import { enableRelaxedSimd, firstFrame } from "./decoding/first-frame.js";
import { onnxMilliseconds } from "./decoding/onnx-graph.js";
import { randomAsset } from "./decoding/random-asset.js";
import { machine, rounded } from "./machine.js";

// Pixels a second of finished I420 at the shapes of a `balanced` asset of 640x360, beside the same network as
// an ONNX graph and beside what the machine's SIMD could do at best, all in one run.

const WIDTH = 16;
const FRAME = { width: 640, height: 360 };
const SIZES = [
  { width: 640, height: 360 },
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
];
const GROUPS = 6;
const FRAMES = 25;
const SECONDS = Number(process.env.SIEDD_BENCH_SECONDS ?? 1);
const GOAL = 40;

// Of a pixel: the first layer is a sum of angles, two products an output; then the dense layers and the head.
const multiplyAddsPerPixel = 2 * WIDTH + (BALANCED.hiddenLayers - 1) * WIDTH * WIDTH + 3 * WIDTH;
const sinesPerPixel = (BALANCED.hiddenLayers - 1) * WIDTH;

const before = machine();
enableRelaxedSimd();
const bytes = randomAsset(BALANCED, FRAME, WIDTH, GROUPS, FRAMES);
const asset = await openAsset(memorySource(bytes));
if (asset.profile !== "tile") throw new Error("the bench is of the tile profile");
const decoder = await KernelDecoder.create(asset);
const group = decoder.loadGroup(0, await asset.readGroup(0));
const full = fullRegion(FRAME);

/**
 * Milliseconds a frame on one core: the fastest, and the mean of processor time, which neighbors disturb less.
 * Requests take turns, so that all meet the same neighbors.
 */
function oneCore(requests: readonly Viewport[]): { best: number; cpu: number }[] {
  const outputs = requests.map(({ width, height }) => new Uint8Array((width * height * 3) / 2));
  const times = requests.map(() => ({ best: Number.POSITIVE_INFINITY, cpu: 0, frames: 0 }));
  const end = performance.now() + SECONDS * 1000 * requests.length;
  for (let frame = 0; performance.now() < end || frame < 4; frame++) {
    for (const [i, request] of requests.entries()) {
      // The first frame at a size lays out memory.
      for (let again = 0; again < 2; again++) {
        const used = process.cpuUsage();
        const started = performance.now();
        decoder.decodeI420(group, frame % FRAMES, request, "bt709", outputs[i]);
        if (again === 0) continue;
        times[i].best = Math.min(times[i].best, performance.now() - started);
        const { user, system } = process.cpuUsage(used);
        times[i].cpu += (user + system) / 1000;
        times[i].frames++;
      }
    }
  }
  return times.map(({ best, cpu, frames }) => ({ best, cpu: cpu / frames }));
}

/**
 * Mpixel/s of the server's threads on all cores: the best of three runs of many frames; and what the processor
 * time that they took would give if nobody else had the cores.
 */
async function allCores(
  pool: DecodePool,
  path: string,
  size: (typeof SIZES)[number],
): Promise<{ best: number; byCpuTime: number }> {
  const request = { region: full, ...size };
  const pixels = size.width * size.height;
  const frames = Math.min(GROUPS * FRAMES, Math.max(16, Math.ceil((SECONDS * 30e6) / pixels)));
  const used = process.cpuUsage();
  let best = 0;
  for (let round = 0; round < 3; round++) {
    const started = performance.now();
    for await (const _ of decodeFrames(pool, path, { from: 0, count: frames, request, format: "i420-709" }));
    best = Math.max(best, (frames * pixels) / (performance.now() - started) / 1000);
  }
  const { user, system } = process.cpuUsage(used);
  return { best, byCpuTime: (3 * frames * pixels * before.cores) / (user + system) };
}

async function coldFirstFrame(path: string, { width, height }: (typeof SIZES)[number]): Promise<number> {
  const script = join(import.meta.dirname, "decoding/first-frame.js");
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    path,
    "3",
    `${width}`,
    `${height}`,
  ]);
  return Number(stdout);
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
const pool = new DecodePool();
try {
  const path = join(folder, "video.siedd");
  await writeFile(path, bytes);
  await pool.ready;
  const ceiling = await loadCeiling(true);
  const limits = [ceiling()];

  const times = oneCore(SIZES.map((size) => ({ region: full, ...size })));
  limits.push(ceiling());
  const sizes = [];
  for (const [i, size] of SIZES.entries()) {
    const pixels = size.width * size.height;
    const all = await allCores(pool, path, size);
    sizes.push({
      ...size,
      oneCore: rounded(pixels / times[i].best / 1000, 1),
      oneCoreByCpuTime: rounded(pixels / times[i].cpu / 1000, 1),
      allCores: rounded(all.best, 1),
      allCoresByCpuTime: rounded(all.byCpuTime, 1),
    });
  }

  const half = { x: 0, y: 0, width: 320, height: 360 };
  const [whole, part, halfSize, quarterSize] = oneCore([
    { region: full, width: 640, height: 360 },
    { region: half, width: 320, height: 360 },
    { region: full, width: 320, height: 180 },
    { region: full, width: 160, height: 90 },
  ]);
  limits.push(ceiling());

  const firstFrames = [];
  for (const size of SIZES.slice(0, 2)) {
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < 5; round++) cold.push(await coldFirstFrame(path, size));
    // A process is warm once its code is compiled for speed, which takes it two groups.
    for (let round = 0; round < 9; round++) warm.push(await firstFrame(path, round % GROUPS, size));
    firstFrames.push({
      ...size,
      cold: rounded(median(cold), 0),
      warm: rounded(median(warm), 0),
    });
  }

  const threads = availableParallelism();
  const onnx: number[] = [];
  for (const count of [1, threads]) {
    const ms = await onnxMilliseconds(BALANCED, WIDTH, 1600, count, 12);
    onnx.push((FRAME.width * FRAME.height) / ms / 1000);
  }

  const engines = await compareEngines(BALANCED, FRAME, [4, 8, 16, 32]);

  const max = (key: "multiplyAdds" | "floatMultiplyAdds" | "sines") =>
    Math.max(...limits.map((limit) => limit[key]));
  const limit = 1000 / (multiplyAddsPerPixel / max("multiplyAdds") + sinesPerPixel / max("sines"));
  const result = {
    bench: "decode",
    machine: before,
    unit: "Mpixel/s of finished I420",
    network: { tiles: "9x16", width: WIDTH, hiddenLayers: BALANCED.hiddenLayers, overlap: BALANCED.overlap },
    sizes,
    goal: { allCoresAt1280x720: GOAL, times: rounded(sizes[1].allCores / GOAL) },
    fourTimesThePixels: { times: rounded(times[1].cpu / times[0].cpu), goal: 4.2 },
    halfTheRegion: { times: rounded(part.cpu / whole.cpu), goal: 0.55 },
    belowSourceSize: {
      halfSize: rounded(halfSize.cpu / whole.cpu),
      quarterSize: rounded(quarterSize.cpu / whole.cpu),
      unit: "times the processor time of a frame at source size",
    },
    firstFrameMs: { sizes: firstFrames, coldGoal: 150, warmGoal: 50 },
    onnxruntime: {
      oneCore: rounded(onnx[0], 1),
      allCores: rounded(onnx[1], 1),
      oursOnOneCoreIsTimes: rounded(sizes[0].oneCore / onnx[0], 1),
      goal: 4,
      without: "overlap, cross-fade, 4:2:0, rounding",
    },
    engines: { unit: "Mpixel/s of I420 on one core at 640x360, by tile width", results: engines },
    ceiling: {
      unit: "1e9/s on one core",
      multiplyAdds16: rounded(max("multiplyAdds"), 1),
      multiplyAddsFloat: rounded(max("floatMultiplyAdds"), 1),
      sines: rounded(max("sines"), 2),
      multiplyAddsAPixel: multiplyAddsPerPixel,
      sinesAPixel: sinesPerPixel,
      mpixelsOnOneCore: rounded(limit, 1),
      reached: rounded(Math.max(...sizes.map((size) => size.oneCore)) / limit),
    },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
}
