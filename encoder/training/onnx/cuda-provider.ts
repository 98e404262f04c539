import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EncoderError } from "../../errors.js";

/**
 * Returns whether the library of the CUDA execution provider is installed next to the library of onnxruntime-node. It is
 * downloaded separately. Loads nothing.
 */
export function hasCudaProvider(): boolean {
  const bin = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")), "bin");
  return readdirSync(bin).some((abi) =>
    existsSync(join(bin, abi, process.platform, process.arch, "libonnxruntime_providers_cuda.so")),
  );
}

/** @throws EncoderError `no-cuda` if the library of the CUDA execution provider is not installed */
export function requireCuda(): void {
  if (!hasCudaProvider()) throw cudaUnavailable();
}

/** Creates the error for a CUDA execution provider that is not installed or does not load. */
export const cudaUnavailable = (cause?: unknown): EncoderError =>
  new EncoderError(
    "no-cuda",
    'device "cuda" is not available: the CUDA execution provider could not be loaded; on Linux x64 with an NVIDIA GPU and CUDA 12, run npm run setup:cuda once, or use `device: "cpu"`',
    { cause },
  );
