import { createRequire } from "node:module";
import { EncoderError } from "../../errors.js";
import type { LoopStep } from "../../graph/onnx-export.js";
import { type TensorData, type TensorFlow, TensorFlowLoop } from "../../graph/tensorflow-loop.js";
import type { Device, GraphSession } from "../onnx/onnx-runtime.js";

/** TensorFlow.js and its selected backend. */
export interface TensorFlowRuntime {
  readonly tf: TensorFlow;
  /** "tensorflow" is the native library of tfjs-node-gpu. */
  readonly backend: "tensorflow" | "wasm" | "cpu";
  readonly device: "cpu" | "cuda";
}

/** Resolves the packages below, which are optional peer dependencies, from this file. */
const localRequire = createRequire(import.meta.url);

const TFJS_PACKAGE = "@tensorflow/tfjs";
const WASM_PACKAGE = "@tensorflow/tfjs-backend-wasm";
const GPU_PACKAGE = "@tensorflow/tfjs-node-gpu";

/**
 * Checks that TensorFlow.js is installed. Loads nothing.
 *
 * @throws EncoderError `no-tfjs` if it is not installed, or `no-cuda` if the device is "cuda" and the GPU package is not
 *   installed
 */
export function requireTensorFlow(device: Device, packageRequire: NodeRequire = localRequire): void {
  if (device !== "cpu" && isInstalled(GPU_PACKAGE, packageRequire)) return;
  if (device === "cuda") throw noGpu();
  if (!isInstalled(TFJS_PACKAGE, packageRequire)) throw noTensorFlow();
}

/**
 * Loads TensorFlow.js with the first of these backends that is installed: tfjs-node-gpu (if `device` allows the GPU),
 * WebAssembly, plain JavaScript. With the device "auto", skips a tfjs-node-gpu that does not load or finds no GPU.
 *
 * @throws EncoderError `no-tfjs` or `no-cuda`, as `requireTensorFlow` does
 */
export async function loadTensorFlow(
  device: Device,
  packageRequire: NodeRequire = localRequire,
): Promise<TensorFlowRuntime> {
  requireTensorFlow(device, packageRequire);
  if (device !== "cpu" && isInstalled(GPU_PACKAGE, packageRequire)) {
    const gpu = loadGpu(packageRequire);
    if (gpu !== undefined) return gpu;
    if (device === "cuda") throw noGpu();
    if (!isInstalled(TFJS_PACKAGE, packageRequire)) throw noTensorFlow();
  }
  const tf: TensorFlow = packageRequire(TFJS_PACKAGE);
  tf.enableProdMode();
  const backend =
    isInstalled(WASM_PACKAGE, packageRequire) && (await startWasm(tf, packageRequire)) ? "wasm" : "cpu";
  await tf.setBackend(backend);
  await tf.ready();
  return { tf, backend, device: "cpu" };
}

/** Loads tfjs-node-gpu. Returns undefined if the native library does not load or finds no GPU. */
function loadGpu(packageRequire: NodeRequire): TensorFlowRuntime | undefined {
  try {
    const tf: TensorFlow = packageRequire(GPU_PACKAGE);
    const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice?: boolean };
    if (isUsingGpuDevice !== true) return undefined;
    tf.enableProdMode();
    return { tf, backend: "tensorflow", device: "cuda" };
  } catch {
    return undefined;
  }
}

/** Starts the WebAssembly backend, and removes the process-wide handlers for uncaught errors that its module installs. */
async function startWasm(tf: TensorFlow, packageRequire: NodeRequire): Promise<boolean> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const previous = events.map((event) => new Set<unknown>(process.listeners(event as "exit")));
  packageRequire(WASM_PACKAGE);
  const started = await tf.setBackend("wasm").catch(() => false);
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as "exit")) {
      if (!previous[i].has(listener)) process.removeListener(event, listener);
    }
  });
  return started;
}

const STEPS_PER_RUN = { cpu: 5, cuda: 100 };

/** Creates a session that runs a training step in TensorFlow.js, with the inputs and outputs of the exported ONNX loop. */
export function createLoopSession({ tf, device }: TensorFlowRuntime, step: LoopStep): GraphSession {
  const loop = new TensorFlowLoop(tf, step);
  return {
    device,
    stepsPerRun: STEPS_PER_RUN[device],
    run: (feeds) =>
      loop.run(Number((feeds.steps.data as BigInt64Array)[0]), (name) => feeds[name].data as TensorData),
    async release() {
      loop.release();
    },
  };
}

function isInstalled(name: string, packageRequire: NodeRequire): boolean {
  try {
    packageRequire.resolve(name);
    return true;
  } catch {
    return false;
  }
}

const noTensorFlow = (): EncoderError =>
  new EncoderError(
    "no-tfjs",
    `trainer "tfjs" is not available: TensorFlow.js is not installed; run npm install ${TFJS_PACKAGE} ${WASM_PACKAGE}, or use \`trainer: "onnx"\``,
  );

const noGpu = (): EncoderError =>
  new EncoderError(
    "no-cuda",
    `trainer "tfjs" cannot use device "cuda": ${GPU_PACKAGE} is not installed or finds no GPU; install it with its native library on a machine with an NVIDIA GPU and CUDA, or use \`device: "cpu"\``,
  );
