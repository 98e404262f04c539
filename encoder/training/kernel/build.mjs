// Compiles the training kernel into dist/encoder/training/kernel/kernel-bytes.js.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assemble, RELAXED_SIMD } from "../../../scripts/assemble.mjs";

const here = dirname(fileURLToPath(import.meta.url));
// V8 merges adjacent accesses only if all their offsets are immediate, which this pass completes.
const PASSES = "--runPasses=optimize-added-constants";
const NARROW = "--use=WIDE_BUILD=0";
const WIDE = "--use=WIDE_BUILD=1";
await assemble(here, join(here, "../../../dist/encoder/training/kernel/kernel-bytes.js"), {
  KERNEL: [PASSES, NARROW],
  RELAXED_KERNEL: [PASSES, NARROW, RELAXED_SIMD],
  WIDE_KERNEL: [PASSES, WIDE, RELAXED_SIMD],
});
