import { fullRegion, KernelDecoder, openAsset } from "../../codec/internal.js";
import { fileSource } from "../../decode-pool/index.js";
import { initialWeights } from "../../encoder/tile/weights.js";
import { KernelTrainer } from "../../encoder/training/kernel/kernel-trainer.js";
import { Random } from "../../encoder/training/sampling/random.js";
import { tileWindows } from "../../encoder/training/sampling/tile-windows.js";
import { serve } from "../../server/index.js";
import { BALANCED } from "../decoding/balanced.js";
import { enableRelaxedSimd } from "../decoding/first-frame.js";
import { median } from "../serving/video.js";

// As a script, run by the Node version to measure: measure.js <folder with video.siedd>. Prints JSON.

const TILES = 16;
const STEPS = 40;
const POINTS = 256;
const FRAMES = 20;
const WIDTH = 16;
const TRAINING_RUNS = 7;
/** Decoded pixels per run: few, so that most runs are not interrupted by other work. */
const PART = { width: 200, height: 120 };
const DECODING_RUNS = 500;
const COLD_RUNS = 5;
const WARM_RUNS = 300;
const SIZE = "%5E1280,720";

/** Figures of one run of a Node version. Lower is better, except for the decoding rate. */
export interface NodeFigures {
  /** Microseconds per tile and training step on one core. */
  readonly trainingStep: number;
  /** Mpixel/s of I420 on one core at twice the source size. */
  readonly decoding: number;
  /** Milliseconds for an uncached second at 1280x720, including ffmpeg. */
  readonly cold: number;
  /** Milliseconds for the same second from the cache. */
  readonly warm: number;
}

/** Returns the median duration of `runs` calls in milliseconds, after one call that is not measured. */
async function medianMs(runs: number, work: () => Promise<unknown> | undefined): Promise<number> {
  const times: number[] = [];
  await work();
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return median(times);
}

/** Measures the kernel with random pixels, which do not affect the time. */
async function measureTraining(): Promise<number> {
  const random = new Random(1);
  const [frameWidth, frameHeight] = [640, 360];
  const network = { ...BALANCED, overlap: 0 };
  const frames = Uint8Array.from({ length: FRAMES * frameWidth * frameHeight * 3 }, () =>
    random.intBelow(256),
  );
  const target = {
    windows: tileWindows(network, frameWidth, frameHeight),
    tiles: { first: 0, count: TILES },
    frameCount: FRAMES,
    normalization: { mean: 0.5, deviation: 0.25 },
    frames,
    frameWidth,
  };
  const weights = initialWeights({ network, tiles: TILES, width: WIDTH, frames: FRAMES }, random);
  const problem = { network, target, width: WIDTH, learnEncoder: false, weights };
  const rates = { learningRate: 4e-3, motionLearningRate: 3e-3 };
  const plan = { steps: STEPS, points: POINTS, ...rates, seed: 1, keys: [1] };
  const trainer = new KernelTrainer();
  const ms = await medianMs(TRAINING_RUNS, () => trainer.train(problem, plan));
  return (1000 * ms) / (TILES * STEPS);
}

async function measureDecoding(path: string): Promise<number> {
  const asset = await openAsset(fileSource(path));
  if (asset.profile !== "tile") throw new Error("this benchmark requires the tile profile");
  const decoder = await KernelDecoder.create(asset);
  const group = decoder.loadGroup(0, await asset.readGroup(0));
  const { width, height } = PART;
  const region = { ...fullRegion(asset), width: width / 2, height: height / 2 };
  const out = new Uint8Array(width * height * 1.5);
  let frame = 0;
  const ms = await medianMs(DECODING_RUNS, () => {
    const request = { viewport: { region, width, height }, matrix: "bt709" } as const;
    decoder.decodeI420(group, frame++ % asset.groups[0].frameCount, request, out);
    return undefined;
  });
  return (width * height) / ms / 1000;
}

async function fetchSegment(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
}

/** Measures requests for the second segment of about one second, without a cache or from the cache. */
async function measureServing(root: string, cacheBytes: number | undefined, runs: number): Promise<number> {
  const server = await serve({ root, port: 0, prefetch: 0, cacheBytes });
  try {
    return await medianMs(runs, () => fetchSegment(`${server.url}video/full/${SIZE}/seg-2.m4s`));
  } finally {
    await server.close();
  }
}

if (process.argv[1] === import.meta.filename) {
  const [root = ""] = process.argv.slice(2);
  enableRelaxedSimd();
  const figures: NodeFigures = {
    trainingStep: await measureTraining(),
    decoding: await measureDecoding(`${root}/video.siedd`),
    cold: await measureServing(root, 0, COLD_RUNS),
    warm: await measureServing(root, undefined, WARM_RUNS),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
