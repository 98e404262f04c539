import * as ort from "onnxruntime-node";
import { cudaUnavailable, hasCudaProvider } from "./cuda-provider.js";

/** Device that runs graphs. "auto": the GPU if the CUDA execution provider is installed and loads, else the CPU. */
export type Device = "auto" | "cpu" | "cuda";

/** An input of a graph. */
export type Feed = ort.Tensor;

export const float32Tensor = (values: Float32Array, shape: readonly number[]): Feed =>
  new ort.Tensor("float32", values, [...shape]);

export const uint8Tensor = (values: Uint8Array, shape: readonly number[]): Feed =>
  new ort.Tensor("uint8", values, [...shape]);

export const int64Tensor = (values: BigInt64Array, shape: readonly number[]): Feed =>
  new ort.Tensor("int64", values, [...shape]);

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
 */
export async function loadGraph(model: ModelSource, device: Device, threads: number): Promise<GraphSession> {
  if (device === "cuda" || (device === "auto" && hasCudaProvider())) {
    try {
      return toGraphSession(await loadOnCuda(model, threads), "cuda");
    } catch (cause) {
      if (device === "cuda") throw cudaUnavailable(cause);
    }
  }
  return toGraphSession(await createInferenceSession(model, "cpu", threads), "cpu");
}

async function loadOnCuda(model: ModelSource, threads: number): Promise<ort.InferenceSession> {
  // If the provider is missing, onnxruntime would write to stderr before it fails.
  if (!hasCudaProvider()) throw new Error("the CUDA execution provider is not installed");
  return createInferenceSession(model, "cuda", threads);
}

function createInferenceSession(
  model: ModelSource,
  device: "cpu" | "cuda",
  threads: number,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(typeof model === "function" ? model(device) : model, {
    executionProviders: [device],
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
}

function toGraphSession(session: ort.InferenceSession, device: "cpu" | "cuda"): GraphSession {
  let released: Promise<void> | undefined;
  return {
    device,
    stepsPerRun: STEPS_PER_RUN[device],
    async run(feeds) {
      const results = await session.run(feeds);
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
