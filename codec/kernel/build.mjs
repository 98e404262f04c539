// Compiles the kernel (AssemblyScript, WebAssembly SIMD) into dist/codec/kernel/kernel-bytes.js: one
// module for Node and browsers, without a fetch. Rebuilt when its sources are newer.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, "../../dist/codec/kernel/kernel-bytes.js");

export async function buildKernel() {
  const sources = readdirSync(join(here, "assembly")).filter((name) => name.endsWith(".ts"));
  const newest = Math.max(
    statSync(fileURLToPath(import.meta.url)).mtimeMs,
    ...sources.map((name) => statSync(join(here, "assembly", name)).mtimeMs),
  );
  const built = statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest) return;
  const [plain, relaxed] = [await compile(), await compile("--enable=relaxed-simd")];
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, `export const KERNEL = "${plain}";\nexport const RELAXED_KERNEL = "${relaxed}";\n`);
}

/** -> the module in base64. */
async function compile(...features) {
  let bytes;
  const { error, stderr } = await asc.main(
    [
      "assembly/index.ts",
      "--outFile=kernel.wasm",
      "--optimizeLevel=3",
      "--shrinkLevel=0",
      "--noAssert",
      "--runtime=stub",
      "--importMemory",
      "--initialMemory=1",
      "--maximumMemory=65536",
      "--enable=simd",
      "--enable=bulk-memory",
      ...features,
      `--baseDir=${here}`,
    ],
    {
      writeFile(name, contents) {
        if (name === "kernel.wasm") bytes = contents;
      },
    },
  );
  if (error) throw new Error(`the kernel does not compile: ${error.message}\n${stderr.toString()}`);
  return Buffer.from(bytes).toString("base64");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildKernel();
