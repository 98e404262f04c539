import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { hasOnnxRuntime, onnxRuntimeMissing } from "../../../decode-pool/load-onnxruntime.js";
import { EncoderError } from "../../errors.js";

/**
 * Returns whether the library of the CUDA execution provider is installed next to the library of onnxruntime-node. It is
 * downloaded separately. Loads nothing.
 */
export function hasCudaProvider(): boolean {
  if (!hasOnnxRuntime()) return false;
  const bin = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")), "bin");
  return readdirSync(bin).some((abi) =>
    existsSync(join(bin, abi, process.platform, process.arch, "libonnxruntime_providers_cuda.so")),
  );
}

/**
 * Checks that onnxruntime-node is installed. Loads nothing.
 * @param feature what needs it, such as `trainer "onnx"`
 * @throws EncoderError `no-onnxruntime` if it is not installed
 */
export function requireOnnxRuntime(feature: string): void {
  if (!hasOnnxRuntime()) throw new EncoderError("no-onnxruntime", onnxRuntimeMissing(feature));
}

/** @throws EncoderError `no-onnxruntime` or `no-cuda` if the library of the CUDA execution provider is not installed */
export function requireCuda(): void {
  requireOnnxRuntime('device "cuda"');
  if (!hasCudaProvider()) throw cudaUnavailable();
}

/** Creates the error for a CUDA execution provider that is not installed or does not load. */
export const cudaUnavailable = (cause?: unknown): EncoderError =>
  new EncoderError(
    "no-cuda",
    'device "cuda" is not available: the CUDA execution provider could not be loaded; on Linux x64 with an NVIDIA GPU and CUDA 12, run npm rebuild onnxruntime-node (in a clone of siedd: npm run setup:cuda) once, or use `device: "cpu"`',
    { cause },
  );
