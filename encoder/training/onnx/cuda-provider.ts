import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EncoderError } from "../../errors.js";

/**
 * Whether the CUDA execution provider's library, which is fetched apart, lies beside onnxruntime-node's own. Loads
 * nothing.
 */
export function hasCudaProvider(): boolean {
  const bin = join(dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")), "bin");
  return readdirSync(bin).some((abi) =>
    existsSync(join(bin, abi, process.platform, process.arch, "libonnxruntime_providers_cuda.so")),
  );
}

/** @throws EncoderError "no-cuda" where the library is not there: known before a video is looked at. */
export function requireCuda(): void {
  if (!hasCudaProvider()) throw noCuda();
}

/** The sentence for a machine on which the execution provider is missing or does not load. */
export const noCuda = (cause?: unknown): EncoderError =>
  new EncoderError(
    "no-cuda",
    "--device cuda: the CUDA execution provider could not be loaded; on Linux x64 with an NVIDIA GPU and CUDA 12 run npm run setup:cuda once, or use --device cpu",
    { cause },
  );
