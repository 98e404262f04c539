import type { InferenceSession, Tensor } from "onnxruntime-node";
import { loadOnnxRuntime, type OnnxRuntimeModule } from "../../../decode-pool/load-onnxruntime.js";
import { cudaUnavailable, hasCudaProvider } from "./cuda-provider.js";

/** Device that runs graphs. "auto": the GPU if the CUDA execution provider is installed and loads, else the CPU. */
export type Device = "auto" | "cpu" | "cuda";

/** An input of a graph. */
export type Feed = { readonly shape: readonly number[] } & (
  | { readonly type: "float32"; readonly data: Float32Array }
  | { readonly type: "uint8"; readonly data: Uint8Array }
  | { readonly type: "int64"; readonly data: BigInt64Array }
);

export const float32Tensor = (data: Float32Array, shape: readonly number[]): Feed => ({
  type: "float32",
  data,
  shape,
});

export const uint8Tensor = (data: Uint8Array, shape: readonly number[]): Feed => ({
  type: "uint8",
  data,
  shape,
});

export const int64Tensor = (data: BigInt64Array, shape: readonly number[]): Feed => ({
  type: "int64",
  data,
  shape,
});

/** A loaded graph. */
export interface GraphSession {
  /** Device that runs the graph. */
  readonly device: "cpu" | "cuda";
  /** Steps per run: enough to hide the overhead of the host, few enough for smooth progress and a prompt abort. */
  readonly stepsPerRun: number;
  /** Computes the outputs by name from all inputs by name. */
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Float32Array>>;
  /** Frees the memory of the graph. May be called more than once. */
  release(): Promise<void>;
}

const STEPS_PER_RUN = { cpu: 25, cuda: 200 };

/** An .onnx file, or a function that creates it for an execution provider. */
export type ModelSource = Uint8Array | ((provider: "cpu" | "cuda") => Uint8Array);

/**
 * Loads a graph into onnxruntime. With the device "auto", falls back to the CPU if CUDA is not available.
 *
 * @param threads threads per operator on the CPU
 * @throws EncoderError `no-cuda` if the device is "cuda" and the CUDA execution provider does not load
 * @throws SieddError `no-onnxruntime` if onnxruntime is not installed
 */
export async function loadGraph(model: ModelSource, device: Device, threads: number): Promise<GraphSession> {
  const ort = await loadOnnxRuntime('trainer "onnx"');
  const open = (on: "cpu" | "cuda") => createInferenceSession(ort, on, { model, threads });
  if (device === "cuda" || (device === "auto" && hasCudaProvider())) {
    try {
      // If the provider is missing, onnxruntime would write to stderr before it fails.
      if (!hasCudaProvider()) throw new Error("the CUDA execution provider is not installed");
      return toGraphSession(ort, await open("cuda"), "cuda");
    } catch (cause) {
      if (device === "cuda") throw cudaUnavailable(cause);
    }
  }
  return toGraphSession(ort, await open("cpu"), "cpu");
}

function createInferenceSession(
  ort: OnnxRuntimeModule,
  device: "cpu" | "cuda",
  { model, threads }: { readonly model: ModelSource; readonly threads: number },
): Promise<InferenceSession> {
  return ort.InferenceSession.create(typeof model === "function" ? model(device) : model, {
    executionProviders: [device],
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
}

function toGraphSession(
  ort: OnnxRuntimeModule,
  session: InferenceSession,
  device: "cpu" | "cuda",
): GraphSession {
  let released: Promise<void> | undefined;
  return {
    device,
    stepsPerRun: STEPS_PER_RUN[device],
    async run(feeds) {
      const tensors: Record<string, Tensor> = {};
      for (const [name, { type, data, shape }] of Object.entries(feeds))
        tensors[name] = new ort.Tensor(type, data, shape);
      const results = await session.run(tensors);
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]),
      );
    },
    release() {
      released ??= session.release();
      return released;
    },
  };
}
