// npm run setup:cuda: downloads the CUDA libraries with the install script of onnxruntime-node, which npm skips because
// install scripts are off. Run it once, on Linux with an NVIDIA GPU, before siedd encode --device cuda.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureModules, ensureNode, execute, main, root, ScriptError } from "./ensure.mjs";

await main(() => {
  ensureNode();
  ensureModules();
  const folder = join(root, "node_modules/onnxruntime-node");
  const script = join(folder, "script/install.js");
  if (!existsSync(script))
    throw new ScriptError("this version of onnxruntime-node has no install script for CUDA libraries");
  const flag = `--onnxruntime-node-install=${process.argv[2] ?? "cuda12"}`;
  if (execute(process.execPath, [script, flag], { cwd: folder }) !== 0) {
    throw new ScriptError("cannot download the CUDA libraries; see the message above");
  }
});
