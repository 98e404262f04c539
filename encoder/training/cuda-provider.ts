import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

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
