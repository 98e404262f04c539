// Compiles the kernel to dist/codec/kernel/kernel-bytes.js.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assemble } from "../../scripts/assemble.mjs";

const here = dirname(fileURLToPath(import.meta.url));
await assemble(here, join(here, "../../dist/codec/kernel/kernel-bytes.js"));
