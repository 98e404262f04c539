import { fullRegion } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import { DecodeWorkers } from "./decode-workers.js";
import { DynamicResolution, samplesOf } from "./dynamic-resolution.js";
import type { DirectAsset } from "./open-asset.js";
import { frameAt, groupOfFrame } from "./timeline.js";

/** What decodes a video, and what it has been seen to manage. */
export interface DecodeBackend {
  readonly decoders: DecodeWorkers;
  readonly pace: DynamicResolution;
}

/** Rejects with PlayerError `not-supported` where no worker starts. */
export async function openBackend(
  { asset, store }: DirectAsset,
  signal: AbortSignal,
): Promise<DecodeBackend> {
  const decoders = await DecodeWorkers.start(asset, (group) => store.get(group)?.payload, signal);
  return { decoders, pace: new DynamicResolution() };
}

/** Pictures decoded for a measurement; the first ones also lay out memory and compile code. */
const FRAMES = 8;
const UNCOUNTED = 2;
/** Share of its time that a machine may spend on a video: the page and the battery want the rest. */
const AFFORDABLE = 0.6;
/** Times as fast as all workers together that a GPU has to be, and milliseconds it has to show it. */
const CLEARLY = 1.3;
const GPU_PATIENCE = 1500;

/**
 * Decodes a few pictures of the size wanted, from a moment on, by the kernel and, where there is a GPU, by the shader.
 * -> the faster one; null where this machine would be too busy with the video. Rejects where nothing decodes here.
 */
export async function openIfFastEnough(
  opened: DirectAsset,
  size: Size,
  seconds: number,
  signal: AbortSignal,
): Promise<DecodeBackend | null> {
  const { asset, store } = opened;
  const group = groupOfFrame(asset, frameAt(asset, seconds));
  const opening = openBackend(opened, signal);
  const [fetched] = await Promise.allSettled([store.fetch(group, group), opening]);
  const workshop = await opening;
  const { num, den } = asset.frameRate;
  const load = ({ pace, decoders }: DecodeBackend) =>
    pace.load((samplesOf({ ...size, region: fullRegion(asset), draft: false }) * num) / den, decoders.count);
  try {
    if (fetched.status === "rejected") throw fetched.reason;
    await measure(opened, workshop, group, size, signal);
    const gpu = await openGpu(opened, group, size, signal);
    if (gpu !== null && CLEARLY * load(gpu) < load(workshop) && load(gpu) <= AFFORDABLE) {
      workshop.decoders.destroy();
      return gpu;
    }
    gpu?.decoders.destroy();
    if (load(workshop) <= AFFORDABLE) return workshop;
  } catch (error) {
    workshop.decoders.destroy();
    throw error;
  }
  workshop.decoders.destroy();
  return null;
}

/** -> null where there is no GPU, or it takes too long to answer. */
async function openGpu(
  asset: DirectAsset,
  group: number,
  size: Size,
  signal: AbortSignal,
): Promise<DecodeBackend | null> {
  const adapter = await (navigator as Partial<Navigator>).gpu?.requestAdapter().catch(() => null);
  // What the processor computes in the GPU's stead is slower than the kernel.
  if (!adapter || adapter.info.isFallbackAdapter) return null;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(GPU_PATIENCE)]);
  const payload = (index: number) => asset.store.get(index)?.payload;
  const decoders = await DecodeWorkers.start(asset.asset, payload, patience, "webgpu").catch(() => null);
  if (decoders === null) return null;
  const workshop = { decoders, pace: new DynamicResolution() };
  try {
    await measure(asset, workshop, group, size, patience);
    return workshop;
  } catch {
    decoders.destroy();
    signal.throwIfAborted();
    return null;
  }
}

async function measure(
  { asset }: DirectAsset,
  { decoders, pace }: DecodeBackend,
  group: number,
  size: Size,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const region = fullRegion(asset);
  const ended = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  for (let i = 0; i < FRAMES; i++) {
    const frame = i % asset.groups[group]!.frameCount;
    const decoding = decoders.decode({ group, frame, request: { region, ...size } });
    const decoded = await Promise.race([decoding, ended]);
    if (i >= UNCOUNTED) pace.add(samplesOf({ ...size, region, draft: false }), decoded.seconds);
    decoders.recycle(decoded.pixels);
  }
}
