import { createRequire } from "node:module";
import { EncoderError } from "../../errors.js";
import type { LoopStep } from "../../graph/onnx-export.js";
import { type ParameterLayout, type TensorFlow, TensorFlowLoop } from "../../graph/tensorflow-loop.js";
import type { Device, RunningGraph } from "../onnx/onnx-runtime.js";

/** TensorFlow.js with the backend that it will use. */
export interface TensorFlowRuntime {
  readonly tf: TensorFlow;
  /** `tensorflow` is the native library of tfjs-node-gpu. */
  readonly backend: "tensorflow" | "wasm" | "cpu";
  readonly device: "cpu" | "cuda";
}

/** Where packages are looked for: beside this file. All are optional peers of ours. */
const here = createRequire(import.meta.url);

const FULL = "@tensorflow/tfjs";
const WASM = "@tensorflow/tfjs-backend-wasm";
const GPU = "@tensorflow/tfjs-node-gpu";

/**
 * Whether TensorFlow.js is installed: EncoderError `no-tfjs` where it is not, and `no-cuda` where the GPU is asked
 * for and its package is not there. Loads nothing.
 */
export function requireTensorFlow(device: Device, packages: NodeRequire = here): void {
  if (device !== "cpu" && isThere(GPU, packages)) return;
  if (device === "cuda") throw noGpu();
  if (!isThere(FULL, packages)) throw noTensorFlow();
}

/**
 * Loads TensorFlow.js: on the GPU by tfjs-node-gpu where that is installed and `device` allows it, else on
 * WebAssembly where its backend is installed, else in plain JavaScript. `auto` passes over a tfjs-node-gpu
 * that does not load or finds no GPU.
 */
export async function loadTensorFlow(
  device: Device,
  packages: NodeRequire = here,
): Promise<TensorFlowRuntime> {
  requireTensorFlow(device, packages);
  if (device !== "cpu" && isThere(GPU, packages)) {
    const gpu = loadGpu(packages);
    if (gpu !== undefined) return gpu;
    if (device === "cuda") throw noGpu();
    if (!isThere(FULL, packages)) throw noTensorFlow();
  }
  const tf: TensorFlow = packages(FULL);
  tf.enableProdMode();
  const backend = isThere(WASM, packages) && (await startWasm(tf, packages)) ? "wasm" : "cpu";
  await tf.setBackend(backend);
  await tf.ready();
  return { tf, backend, device: "cpu" };
}

/** Undefined where the native library does not load or there is no GPU for it. */
function loadGpu(packages: NodeRequire): TensorFlowRuntime | undefined {
  try {
    const tf: TensorFlow = packages(GPU);
    const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice?: boolean };
    if (isUsingGpuDevice !== true) return undefined;
    tf.enableProdMode();
    return { tf, backend: "tensorflow", device: "cuda" };
  } catch {
    return undefined;
  }
}

/** Its module takes the process's last resorts for uncaught errors to itself; they are given back. */
async function startWasm(tf: TensorFlow, packages: NodeRequire): Promise<boolean> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  packages(WASM);
  const started = await tf.setBackend("wasm").catch(() => false);
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as "exit")) {
      if (!before[i].has(listener)) process.removeListener(event, listener);
    }
  });
  return started;
}

/** A step of training as a graph that TensorFlow.js runs, with the feeds and results of an exported ONNX loop. */
export function runningLoop({ tf, device }: TensorFlowRuntime, step: LoopStep): RunningGraph {
  const loop = new TensorFlowLoop(tf, step);
  return {
    device,
    stepsPerRun: device === "cuda" ? 100 : 5,
    run: (feeds) =>
      loop.run(Number((feeds.steps.data as BigInt64Array)[0]), (name) => feeds[name].data as ParameterLayout),
    async release() {
      loop.release();
    },
  };
}

function isThere(name: string, packages: NodeRequire): boolean {
  try {
    packages.resolve(name);
    return true;
  } catch {
    return false;
  }
}

const noTensorFlow = (): EncoderError =>
  new EncoderError(
    "no-tfjs",
    `--trainer tfjs: TensorFlow.js is not installed; run npm install ${FULL} ${WASM}, or use --trainer onnx`,
  );

const noGpu = (): EncoderError =>
  new EncoderError(
    "no-cuda",
    `--trainer tfjs --device cuda: ${GPU} is not installed or finds no GPU; install it with its native library on a machine with an NVIDIA GPU and CUDA, or use --device cpu`,
  );
