import type { Viewport } from "../../codec/internal.js";
import { fullRegion } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import { DecodeWorkers } from "./decode-workers.js";
import { countSamples, DynamicResolution } from "./dynamic-resolution.js";
import type { DirectAsset } from "./open-asset.js";
import { frameAt, groupOfFrame } from "./timeline.js";

/** What decodes a video, and its measured speed. */
export interface DecodeBackend {
  readonly workers: DecodeWorkers;
  readonly resolution: DynamicResolution;
}

/** Frames to decode in a benchmark. The warmup frames, which also allocate memory and compile code, do not count. */
const BENCHMARK_FRAMES = 8;
const WARMUP_FRAMES = 2;
/** Share of the workers' time that auto mode may spend on a video; the rest is left to the page and the battery. */
const AUTO_MODE_MAX_LOAD = 0.6;
/** Minimum speedup of the GPU over all kernel workers together. */
const SPEEDUP_THRESHOLD = 1.3;
/** Time limit for starting and benchmarking the GPU, in milliseconds. */
const GPU_TIMEOUT_MS = 1500;

/**
 * Starts the kernel on worker threads, without a benchmark.
 *
 * @throws PlayerError `not-supported` if no worker starts
 */
export async function openKernelBackend(
  { asset, store }: DirectAsset,
  signal: AbortSignal,
): Promise<DecodeBackend> {
  const workers = await DecodeWorkers.start(asset, (group) => store.get(group)?.payload, signal);
  return { workers, resolution: new DynamicResolution() };
}

/**
 * Decodes a few frames of the requested size with the kernel and, if there is a GPU, with the shader. Returns the
 * faster backend, or null if decoding would load this machine too much.
 *
 * @param seconds position in the video of the frames to decode
 * @throws if nothing can be decoded here, or the signal's reason
 */
export async function openFastBackend(
  directAsset: DirectAsset,
  size: Size,
  seconds: number,
  signal: AbortSignal,
): Promise<DecodeBackend | null> {
  const { asset, store } = directAsset;
  const group = groupOfFrame(asset, frameAt(asset, seconds));
  const opening = openKernelBackend(directAsset, signal);
  const [fetched] = await Promise.allSettled([store.fetch(group, group), opening]);
  const kernel = await opening;
  const viewport = { region: fullRegion(asset), ...size };
  const samplesPerSecond =
    (countSamples({ ...viewport, draft: false }) * asset.frameRate.num) / asset.frameRate.den;
  const load = ({ resolution, workers }: DecodeBackend) => resolution.load(samplesPerSecond, workers.count);
  try {
    if (fetched.status === "rejected") throw fetched.reason;
    const benchmark: Benchmark = { directAsset, group, viewport };
    await measure(benchmark, kernel, signal);
    const gpu = await openGpuBackend(benchmark, signal);
    if (gpu !== null && SPEEDUP_THRESHOLD * load(gpu) < load(kernel) && load(gpu) <= AUTO_MODE_MAX_LOAD) {
      kernel.workers.destroy();
      return gpu;
    }
    gpu?.workers.destroy();
    if (load(kernel) <= AUTO_MODE_MAX_LOAD) return kernel;
  } catch (error) {
    kernel.workers.destroy();
    throw error;
  }
  kernel.workers.destroy();
  return null;
}

/** The frames to decode in a benchmark. */
interface Benchmark {
  readonly directAsset: DirectAsset;
  readonly group: number;
  readonly viewport: Viewport;
}

/** Starts and benchmarks the shader. Returns null without a GPU, or if it does not respond in time. */
async function openGpuBackend(benchmark: Benchmark, signal: AbortSignal): Promise<DecodeBackend | null> {
  const adapter = await (navigator as Partial<Navigator>).gpu?.requestAdapter().catch(() => null);
  // A software adapter is slower than the kernel.
  if (!adapter || adapter.info.isFallbackAdapter) return null;
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(GPU_TIMEOUT_MS)]);
  const { asset, store } = benchmark.directAsset;
  const getPayload = (group: number) => store.get(group)?.payload;
  const workers = await DecodeWorkers.start(asset, getPayload, timeout, "webgpu").catch(() => null);
  if (workers === null) return null;
  const backend = { workers, resolution: new DynamicResolution() };
  try {
    await measure(benchmark, backend, timeout);
    return backend;
  } catch {
    workers.destroy();
    signal.throwIfAborted();
    return null;
  }
}

/** Decodes the frames of a benchmark one after the other and adds their decoding times to `resolution`. */
async function measure(
  { directAsset: { asset }, group, viewport }: Benchmark,
  { workers, resolution }: DecodeBackend,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  const samples = countSamples({ ...viewport, draft: false });
  for (let i = 0; i < BENCHMARK_FRAMES; i++) {
    const frame = i % asset.groups[group]!.frameCount;
    const decoded = await Promise.race([workers.decode({ group, frame, viewport }), aborted]);
    if (i >= WARMUP_FRAMES) resolution.addSample(samples, decoded.seconds);
    workers.recycle(decoded.pixels);
  }
}
