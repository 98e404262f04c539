// npm run setup:cuda: fetches onnxruntime-node's CUDA libraries with its own install script, which npm does not
// run here (install scripts are off). Needed once, on Linux with an NVIDIA GPU, for siedd encode --device cuda.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureModules, ensureNode, execute, main, Refusal, root } from "./ensure.mjs";

await main(() => {
  ensureNode();
  ensureModules();
  const folder = join(root, "node_modules/onnxruntime-node");
  const script = join(folder, "script/install.js");
  if (!existsSync(script))
    throw new Refusal("this onnxruntime-node has no install script; its CUDA libraries come another way");
  const flag = `--onnxruntime-node-install=${process.argv[2] ?? "cuda12"}`;
  if (execute(process.execPath, [script, flag], { cwd: folder }) !== 0) {
    throw new Refusal("the CUDA libraries could not be fetched; see the message above");
  }
});
