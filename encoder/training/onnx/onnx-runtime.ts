import * as ort from "onnxruntime-node";
import { hasCudaProvider, noCuda } from "./cuda-provider.js";

/** Where graphs run. `auto` is the GPU where there is one. */
export type Device = "auto" | "cpu" | "cuda";

/** Values that go in and out of a graph. */
export type Feed = ort.Tensor;

export const floats = (values: Float32Array, shape: readonly number[]): Feed =>
  new ort.Tensor("float32", values, [...shape]);

export const bytes = (values: Uint8Array, shape: readonly number[]): Feed =>
  new ort.Tensor("uint8", values, [...shape]);

export const integers = (values: BigInt64Array, shape: readonly number[]): Feed =>
  new ort.Tensor("int64", values, [...shape]);

/** One graph, ready to run; `release` frees its memory and is safe to call twice. */
export interface RunningGraph {
  /** Execution provider that took the graph. */
  readonly device: "cpu" | "cuda";
  /** Steps worth running in one go: enough to hide the host, few enough for progress and a quick Ctrl-C. */
  readonly stepsPerRun: number;
  run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

const STEPS_PER_RUN = { cpu: 25, cuda: 200 };

/** A graph's bytes, or what writes them for the provider that will run it. */
export type Model = Uint8Array | ((provider: "cpu" | "cuda") => Uint8Array);

/**
 * Loads a graph. With `cuda`, a machine without the CUDA execution provider gives EncoderError `no-cuda`;
 * with `auto` the CPU takes over.
 */
export async function loadGraph(model: Model, device: Device, threads: number): Promise<RunningGraph> {
  if (device === "cuda" || (device === "auto" && hasCudaProvider())) {
    try {
      return running(await createOnCuda(model, threads), "cuda");
    } catch (cause) {
      if (device === "cuda") throw noCuda(cause);
    }
  }
  return running(await create(model, "cpu", threads), "cpu");
}

async function createOnCuda(model: Model, threads: number): Promise<ort.InferenceSession> {
  // Asked for a provider that it cannot load, onnxruntime writes to stderr before it fails.
  if (!hasCudaProvider()) throw new Error("the CUDA execution provider is not installed");
  return create(model, "cuda", threads);
}

function create(model: Model, device: "cpu" | "cuda", threads: number): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(typeof model === "function" ? model(device) : model, {
    executionProviders: [device],
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
}

function running(session: ort.InferenceSession, device: "cpu" | "cuda"): RunningGraph {
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
