import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fullRegion, KernelDecoder, memorySource, openAsset, type Viewport } from "../codec/internal.js";
import { DecodePool, decodeFrames } from "../decode-pool/index.js";
import { BALANCED } from "./decoding/balanced.js";
import { compareDecoders } from "./decoding/compare-decoders.js";
import { enableRelaxedSimd, firstFrame } from "./decoding/first-frame.js";
import { onnxMilliseconds } from "./decoding/onnx-graph.js";
import { loadPeakThroughput } from "./decoding/peak-throughput.js";
import { randomAsset } from "./decoding/random-asset.js";
import { machine, rounded } from "./machine.js";

// Measures decoding speed in output pixels per second (I420) with the network of a `balanced` asset of 640x360, compared
// with the same network as an ONNX graph and with the peak throughput of the machine's SIMD units.

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
/** Target throughput on all cores in Mpixel/s. */
const TARGET_MPIXELS = 40;

// The first layer is a sum of angles with two products per output. The dense layers and the head follow.
const multiplyAddsPerPixel = 2 * WIDTH + (BALANCED.hiddenLayers - 1) * WIDTH * WIDTH + 3 * WIDTH;
const sinesPerPixel = (BALANCED.hiddenLayers - 1) * WIDTH;

const before = machine();
enableRelaxedSimd();
const bytes = randomAsset({
  network: BALANCED,
  frame: FRAME,
  tileWidth: WIDTH,
  groups: GROUPS,
  frameCount: FRAMES,
});
const asset = await openAsset(memorySource(bytes));
if (asset.profile !== "tile") throw new Error("this benchmark requires the tile profile");
const decoder = await KernelDecoder.create(asset);
const group = decoder.loadGroup(0, await asset.readGroup(0));
const full = fullRegion(FRAME);

/**
 * Measures the milliseconds per frame on one core: the minimum, and the mean CPU time, which depends less on other load.
 * Viewports alternate, so that other load affects all of them equally.
 */
function measureOneCore(viewports: readonly Viewport[]): { best: number; cpu: number }[] {
  const outputs = viewports.map(({ width, height }) => new Uint8Array((width * height * 3) / 2));
  const times = viewports.map(() => ({ best: Number.POSITIVE_INFINITY, cpu: 0, frames: 0 }));
  const end = performance.now() + SECONDS * 1000 * viewports.length;
  for (let frame = 0; performance.now() < end || frame < 4; frame++) {
    for (const [i, viewport] of viewports.entries()) {
      // The first frame at a size also allocates memory, and is not measured.
      for (let repetition = 0; repetition < 2; repetition++) {
        const used = process.cpuUsage();
        const started = performance.now();
        decoder.decodeI420(group, frame % FRAMES, { viewport, matrix: "bt709" }, outputs[i]);
        if (repetition === 0) continue;
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
 * Measures the decode pool on all cores in Mpixel/s: the best of three runs, and the throughput that the used CPU time
 * would give on idle cores.
 */
async function measureAllCores(
  pool: DecodePool,
  path: string,
  size: (typeof SIZES)[number],
): Promise<{ best: number; byCpuTime: number }> {
  const viewport = { region: full, ...size };
  const pixels = size.width * size.height;
  const frames = Math.min(GROUPS * FRAMES, Math.max(16, Math.ceil((SECONDS * 30e6) / pixels)));
  const used = process.cpuUsage();
  let best = 0;
  for (let run = 0; run < 3; run++) {
    const started = performance.now();
    for await (const _ of decodeFrames(pool, path, { from: 0, count: frames, viewport, format: "i420-709" }));
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
  const measurePeak = await loadPeakThroughput(true);
  const peaks = [measurePeak()];

  const times = measureOneCore(SIZES.map((size) => ({ region: full, ...size })));
  peaks.push(measurePeak());
  const sizes = [];
  for (const [i, size] of SIZES.entries()) {
    const pixels = size.width * size.height;
    const allCores = await measureAllCores(pool, path, size);
    sizes.push({
      ...size,
      oneCore: rounded(pixels / times[i].best / 1000, 1),
      oneCoreByCpuTime: rounded(pixels / times[i].cpu / 1000, 1),
      allCores: rounded(allCores.best, 1),
      allCoresByCpuTime: rounded(allCores.byCpuTime, 1),
    });
  }

  const half = { x: 0, y: 0, width: 320, height: 360 };
  const [fullFrame, halfFrame, halfSize, quarterSize] = measureOneCore([
    { region: full, width: 640, height: 360 },
    { region: half, width: 320, height: 360 },
    { region: full, width: 320, height: 180 },
    { region: full, width: 160, height: 90 },
  ]);
  peaks.push(measurePeak());

  const firstFrames = [];
  for (const size of SIZES.slice(0, 2)) {
    const cold: number[] = [];
    const warm: number[] = [];
    for (let run = 0; run < 5; run++) cold.push(await coldFirstFrame(path, size));
    // The JIT compiler has optimized the code after about two groups.
    for (let run = 0; run < 9; run++) warm.push(await firstFrame(path, run % GROUPS, size));
    firstFrames.push({
      ...size,
      cold: rounded(median(cold), 0),
      warm: rounded(median(warm), 0),
    });
  }

  const threads = availableParallelism();
  const onnx: number[] = [];
  for (const count of [1, threads]) {
    const ms = await onnxMilliseconds(BALANCED, {
      tileWidth: WIDTH,
      pointsPerTile: 1600,
      threads: count,
      runs: 12,
    });
    onnx.push((FRAME.width * FRAME.height) / ms / 1000);
  }

  const decoders = await compareDecoders(BALANCED, FRAME, [4, 8, 16, 32]);

  const max = (key: "multiplyAdds" | "floatMultiplyAdds" | "sines") =>
    Math.max(...peaks.map((peak) => peak[key]));
  const limit = 1000 / (multiplyAddsPerPixel / max("multiplyAdds") + sinesPerPixel / max("sines"));
  const result = {
    bench: "decode",
    machine: before,
    unit: "Mpixel/s of I420",
    network: { tiles: "9x16", width: WIDTH, hiddenLayers: BALANCED.hiddenLayers, overlap: BALANCED.overlap },
    sizes,
    target: { allCoresAt1280x720: TARGET_MPIXELS, ratio: rounded(sizes[1].allCores / TARGET_MPIXELS) },
    fourTimesThePixels: { ratio: rounded(times[1].cpu / times[0].cpu), target: 4.2 },
    halfTheRegion: { ratio: rounded(halfFrame.cpu / fullFrame.cpu), target: 0.55 },
    belowSourceSize: {
      halfSize: rounded(halfSize.cpu / fullFrame.cpu),
      quarterSize: rounded(quarterSize.cpu / fullFrame.cpu),
      unit: "CPU time relative to a frame at source size",
    },
    firstFrameMs: { sizes: firstFrames, coldTarget: 150, warmTarget: 50 },
    onnxruntime: {
      oneCore: rounded(onnx[0], 1),
      allCores: rounded(onnx[1], 1),
      kernelSpeedupOnOneCore: rounded(sizes[0].oneCore / onnx[0], 1),
      target: 4,
      without: "overlap, cross-fade, 4:2:0, rounding",
    },
    decoders: { unit: "Mpixel/s of I420 on one core at 640x360, by tile width", results: decoders },
    peak: {
      unit: "1e9/s on one core",
      multiplyAdds16: rounded(max("multiplyAdds"), 1),
      multiplyAddsFloat: rounded(max("floatMultiplyAdds"), 1),
      sines: rounded(max("sines"), 2),
      multiplyAddsPerPixel,
      sinesPerPixel,
      mpixelsOnOneCore: rounded(limit, 1),
      utilization: rounded(Math.max(...sizes.map((size) => size.oneCore)) / limit),
    },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await pool.close();
  await rm(folder, { recursive: true, force: true });
}
