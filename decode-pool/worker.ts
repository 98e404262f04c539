import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { LRUCache } from "lru-cache";
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import { type Asset, openAsset } from "../codec/asset/asset.js";
import { createFrameDecoder, type DecoderGroup, type FrameDecoder } from "../codec/decode/frame-decoder.js";
import { decodeFrameAt } from "../codec/decode/frame-position.js";
import { SieddError } from "../codec/errors.js";
import { hasRelaxedSimd } from "../codec/kernel/kernel.js";
import {
  type ArriveTask,
  type DecodeResult,
  type DecodeTask,
  frameBytes,
  type WorkerAnswer,
  type WorkerTask,
} from "./messages.js";
import { nameOf, type TaskBytes, taskBytes } from "./task-bytes.js";

interface OpenDecoder {
  readonly source: TaskBytes;
  readonly asset: Asset;
  readonly engine: FrameDecoder;
}

// Node 20 knows the instructions but asks for a flag; later ones need none.
if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");

// A worker serves a few videos at a time, and of each the group being played and the next.
const decoders = new LRUCache<string, Promise<OpenDecoder>>({ max: 4 });
const groups = new LRUCache<string, Promise<DecoderGroup>>({ max: 6 });

/** The task of the pool: decodes one run of frames into a buffer that is handed over without a copy. */
export default async function work(task: WorkerTask): Promise<unknown> {
  if (task.type === "arrive") {
    await arrive(task);
    return { type: "arrived" } satisfies WorkerAnswer;
  }
  try {
    const frames = await decode(task);
    const result: DecodeResult = { type: "frames", frames };
    return move({ [transferableSymbol]: frames, [valueSymbol]: result });
  } catch (error) {
    if (!(error instanceof SieddError)) return { type: "failure", error } satisfies WorkerAnswer;
    return { type: "error", code: error.code, message: error.message } satisfies DecodeResult;
  }
}

async function arrive({ arrived, threads }: ArriveTask): Promise<void> {
  const count = new Int32Array(arrived);
  Atomics.add(count, 0, 1);
  while (Atomics.load(count, 0) < threads) await sleep(2);
}

async function decode(task: DecodeTask): Promise<ArrayBuffer> {
  const { request, format } = task;
  const key = `${nameOf(task.source)} ${task.engine}`;
  const { source, asset, engine } = await remember(decoders, key, () => openDecoder(task));
  source.give(task.source);
  const load = (group: number) =>
    remember(groups, `${key}\n${group}`, async () => engine.loadGroup(group, await asset.readGroup(group)));
  const bytes = frameBytes(format, request.width, request.height);
  const pixels = format === "rgba" ? format : format === "i420-709" ? "bt709" : "bt601";
  const frames = new Uint8Array(bytes * task.times.length);
  for (const [i, time] of task.times.entries()) {
    await decodeFrameAt(engine, load, time, request, pixels, frames.subarray(i * bytes, (i + 1) * bytes));
  }
  return frames.buffer;
}

async function openDecoder(task: DecodeTask): Promise<OpenDecoder> {
  const source = taskBytes(task.source);
  const asset = await openAsset(source, { name: source.name });
  // Loaded where it is used alone: the runtime is large, and the kernel needs none.
  const runtime = () => import("onnxruntime-node");
  const threads: number = workerData;
  const engine = await createFrameDecoder(asset, { engine: task.engine, runtime, threads });
  return { source, asset, engine };
}

/** The value of the cache, or a new one, which is forgotten again if it fails. */
function remember<T>(cache: LRUCache<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => {
    if (cache.peek(key) === made) cache.delete(key);
  });
  return made;
}
