import { setFlagsFromString } from "node:v8";
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import { type Asset, openAsset } from "../codec/asset/asset.js";
import type { PixelFormat } from "../codec/decode/color.js";
import { createFrameDecoder, type DecoderGroup, type FrameDecoder } from "../codec/decode/frame-decoder.js";
import { decodeFrameAt } from "../codec/decode/frame-position.js";
import { SieddError } from "../codec/errors.js";
import { hasRelaxedSimd } from "../codec/kernel/kernel.js";
import { loadOnnxRuntime } from "./load-onnxruntime.js";
import {
  type DecodeResult,
  type DecodeTask,
  type FrameFormat,
  frameBytes,
  type WorkerResult,
  type WorkerTask,
} from "./messages.js";
import { bufferBytes, RecentCache } from "./recent-cache.js";
import { sourceKey, type TaskBytes, taskBytes } from "./task-bytes.js";
import { joinWarmUp } from "./warm-up.js";

interface OpenDecoder {
  readonly source: TaskBytes;
  readonly asset: Asset;
  readonly decoder: FrameDecoder;
}

// Node 20 supports relaxed SIMD only behind a flag; later versions need none.
if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

// A worker serves a few videos at a time, and reads the current and the next group of each. What nobody has requested for
// a while is forgotten, such as a video that has been removed.
const IDLE_MS = 15_000;
const decoders = new RecentCache<OpenDecoder>({
  max: 4,
  maxBytes: 64 * 1024 * 1024,
  bytesOf: ({ asset }) => bufferBytes(asset),
  idleMs: IDLE_MS,
});
const groups = new RecentCache<DecoderGroup>({
  max: 6,
  maxBytes: 64 * 1024 * 1024,
  bytesOf: bufferBytes,
  idleMs: IDLE_MS,
});

/** Entry point of a worker thread. Frames are decoded into a buffer that is transferred, not copied. */
export default async function runTask(task: WorkerTask): Promise<unknown> {
  if (task.type === "warm-up") {
    await joinWarmUp(task);
    return { type: "warmed-up" } satisfies WorkerResult;
  }
  try {
    const frames = await decode(task);
    const result: DecodeResult = { type: "frames", frames };
    return move({ [transferableSymbol]: frames, [valueSymbol]: result });
  } catch (error) {
    if (!(error instanceof SieddError)) return { type: "failure", error } satisfies WorkerResult;
    return { type: "decode-error", code: error.code, message: error.message } satisfies DecodeResult;
  }
}

async function decode(task: DecodeTask): Promise<ArrayBuffer> {
  const { viewport, positions } = task;
  const key = `${sourceKey(task.source)} ${task.engine}`;
  const { source, asset, decoder } = await decoders.get(key, () => openDecoder(task));
  source.update(task.source);
  const load = (group: number) =>
    groups.get(`${key}\n${group}`, async () => decoder.loadGroup(group, await asset.readGroup(group)));
  const bytes = frameBytes(task.format, viewport.width, viewport.height);
  const format = PIXEL_FORMATS[task.format];
  const frames = new Uint8Array(bytes * positions.length);
  const check = () => throwIfCanceled(task);
  decoder.expect?.({ count: positions.length, check });
  for (const [i, position] of positions.entries()) {
    check();
    const out = frames.subarray(i * bytes, (i + 1) * bytes);
    await decodeFrameAt(decoder, load, { position, viewport, format }, out);
  }
  return frames.buffer;
}

/** A paper asset may take a minute per task, for which nobody waits after a disconnect. */
function throwIfCanceled({ canceled }: DecodeTask): void {
  if (canceled !== undefined && Atomics.load(new Int32Array(canceled), 0) === 1)
    throw new Error("nobody waits for these frames any more");
}

const PIXEL_FORMATS: Record<FrameFormat, PixelFormat> = {
  "i420-709": "bt709",
  "i420-601": "bt601",
  rgba: "rgba",
};

async function openDecoder(task: DecodeTask): Promise<OpenDecoder> {
  const source = taskBytes(task.source);
  const asset = await openAsset(source, { name: source.name });
  const feature = asset.profile === "paper" ? "the paper profile" : "the engine onnx";
  const threads: number = workerData;
  const decoder = await createFrameDecoder(asset, {
    engine: task.engine,
    runtime: () => loadOnnxRuntime(feature),
    threads,
  });
  return { source, asset, decoder };
}
