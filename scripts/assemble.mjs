// Compiles a kernel (AssemblyScript) to a JavaScript module that exports two WebAssembly modules in base64: one with SIMD,
// one with relaxed SIMD. Node and browsers load it without a fetch.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** Compiles `<folder>/assembly/index.ts` to `output`, unless `output` is newer than all sources and this file. */
export async function assemble(folder, output) {
  const sources = readdirSync(join(folder, "assembly")).filter((name) => name.endsWith(".ts"));
  const newest = Math.max(
    statSync(fileURLToPath(import.meta.url)).mtimeMs,
    ...sources.map((name) => statSync(join(folder, "assembly", name)).mtimeMs),
  );
  const built = statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest) return;
  const [plain, relaxed] = [await compile(folder), await compile(folder, "--enable=relaxed-simd")];
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, `export const KERNEL = "${plain}";\nexport const RELAXED_KERNEL = "${relaxed}";\n`);
}

/** Returns the WebAssembly module in base64. */
async function compile(folder, ...features) {
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
      `--baseDir=${folder}`,
    ],
    {
      writeFile(name, contents) {
        if (name === "kernel.wasm") bytes = contents;
      },
    },
  );
  if (error) throw new Error(`cannot compile the kernel: ${error.message}\n${stderr.toString()}`);
  return Buffer.from(bytes).toString("base64");
}
